#include "k8scale/load/distribution.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.h"

namespace k8scale::load {

TEST_CASE("log-normal sizes have the median and the deviation that were asked for") {
  const ObjectSizes sizes(2000, 0.8, 1 << 20, 7);
  constexpr std::size_t count = 20'000;
  std::vector<double> logarithms(count);
  for (std::size_t i = 0; i < count; ++i) logarithms[i] = std::log(static_cast<double>(sizes.of(i + 1)));
  double mean = 0;
  for (const double each : logarithms) mean += each / count;
  double variance = 0;
  for (const double each : logarithms) variance += (each - mean) * (each - mean) / count;
  // Four standard errors.
  CHECK(mean == Approx(std::log(2000.0)).margin(4 * 0.8 / std::sqrt(count)));
  CHECK(std::sqrt(variance) == Approx(0.8).margin(4 * 0.8 / std::sqrt(2.0 * count)));
}

TEST_CASE("no object is larger than allowed") {
  const ObjectSizes sizes(1000, 3, 5000, 7);
  std::size_t largest = 0;
  for (std::uint64_t number = 1; number <= 1'000; ++number) largest = std::max(largest, sizes.of(number));
  CHECK(largest == 5000);
}

TEST_CASE("namespaces take turns") {
  const NamespaceSpread spread(3, 0, 7);
  for (std::uint64_t number = 1; number <= 30; ++number) CHECK(spread.of(number) == (number - 1) % 3);
}

TEST_CASE("with Zipf the k-th namespace gets its share") {
  constexpr std::size_t count = 10;
  constexpr int objects = 50'000;
  const double exponent = GENERATE(0.7, 1.0, 1.5);
  const NamespaceSpread spread(count, exponent, 7);
  std::vector<double> found(count, 0);
  for (std::uint64_t number = 1; number <= objects; ++number) ++found[spread.of(number)];
  double sum = 0;
  for (std::size_t k = 1; k <= count; ++k) sum += std::pow(static_cast<double>(k), -exponent);
  double chi_square = 0;
  for (std::size_t k = 1; k <= count; ++k) {
    const double expected = objects * std::pow(static_cast<double>(k), -exponent) / sum;
    chi_square += (found[k - 1] - expected) * (found[k - 1] - expected) / expected;
  }
  CHECK(chi_square < 27.88);  // 9 degrees of freedom, 0.1 %
}

TEST_CASE("one namespace has all objects") {
  CHECK(NamespaceSpread(1, 0, 7).of(9) == 0);
  CHECK(NamespaceSpread(1, 2, 7).of(9) == 0);
}

}  // namespace k8scale::load
