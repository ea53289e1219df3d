#include "k8scale/base/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace k8scale::base {
namespace {

std::uint64_t split_mix(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

// FNV-1a, 64 bits.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return value;
}

}  // namespace

std::uint64_t seed_at(WallTime now) {
  constexpr std::uint64_t largest = (std::uint64_t{1} << 53U) - 1;
  const auto ticks = static_cast<std::uint64_t>(now.time_since_epoch().count());
  return std::max<std::uint64_t>(1, ticks & largest);
}

Random::Random(std::uint64_t seed, std::string_view purpose) {
  std::uint64_t state = seed;
  state = split_mix(state) ^ hash(purpose);
  for (auto& word : state_) word = split_mix(state);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

std::uint64_t Random::below(std::uint64_t bound) {
  const std::uint64_t biased = (0 - bound) % bound;  // 2^64 mod bound: these values would come once too often
  std::uint64_t value = next();
  while (value < biased) value = next();
  return value % bound;
}

double Random::exponential() { return -std::log1p(-uniform()); }

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace k8scale::base
