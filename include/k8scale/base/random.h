#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "k8scale/base/time.h"

namespace k8scale::base {

/// A random stream that gives the same numbers on every platform: xoshiro256++ (Blackman and Vigna 2019),
/// seeded through SplitMix64. One seed gives an independent stream for each purpose ("gaps", "choices", …).
class Random {
 public:
  Random(std::uint64_t seed, std::string_view purpose);

  std::uint64_t next();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in [0, bound), without bias; `bound` > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Exponential with mean 1.
  double exponential();
  /// Normal with mean 0 and deviation 1 (Box and Muller).
  double normal();

 private:
  std::array<std::uint64_t, 4> state_;
};

/// A seed for what was given none. Below 2^53, so that a reader that holds JSON's numbers as doubles has it
/// exactly.
[[nodiscard]] std::uint64_t seed_at(WallTime now);

}  // namespace k8scale::base
