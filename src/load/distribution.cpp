#include "k8scale/load/distribution.h"

#include <algorithm>
#include <cmath>

namespace k8scale::load {

base::Random random_of_object(std::uint64_t seed, std::string_view purpose, std::uint64_t number) {
  constexpr std::uint64_t odd = 0xd1342543de82ef95U;  // spreads the numbers over all bits
  return {seed ^ (number * odd), purpose};
}

std::size_t ObjectSizes::of(std::uint64_t number) const {
  if (fixed()) return std::min(median_, most_);
  const double deviation = sigma_ * random_of_object(seed_, "sizes", number).normal();
  const double size = static_cast<double>(median_) * std::exp(deviation);
  return static_cast<std::size_t>(std::min(size, static_cast<double>(most_)));
}

NamespaceSpread::NamespaceSpread(std::size_t count, double zipf_exponent, std::uint64_t seed)
    : count_(count), seed_(seed) {
  if (zipf_exponent <= 0 || count < 2) return;
  double sum = 0;
  for (std::size_t k = 1; k <= count; ++k) {
    sum += std::pow(static_cast<double>(k), -zipf_exponent);
    up_to_.push_back(sum);
  }
  for (double& each : up_to_) each /= sum;
}

std::size_t NamespaceSpread::of(std::uint64_t number) const {
  if (count_ < 2) return 0;
  if (up_to_.empty()) return static_cast<std::size_t>((number - 1) % count_);
  const double chosen = random_of_object(seed_, "namespaces", number).uniform();
  const auto found = std::upper_bound(up_to_.begin(), up_to_.end(), chosen);
  return std::min(static_cast<std::size_t>(found - up_to_.begin()), count_ - 1);
}

}  // namespace k8scale::load
