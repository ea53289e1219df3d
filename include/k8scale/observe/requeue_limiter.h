#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>

#include "k8scale/base/time.h"
#include "k8scale/observe/text_map.h"

namespace k8scale::observe {

/// How long a key rests before it is tried again: the longer of two pauses, as client-go's
/// DefaultTypedControllerRateLimiter has it. One grows with the key's own failures, 5 ms, 10 ms, 20 ms … 1000
/// s; the other holds all keys together to 10 a second after a burst of 100.
class RequeueLimiter {
 public:
  static constexpr base::Nanoseconds first_pause = std::chrono::milliseconds(5);
  static constexpr base::Nanoseconds longest_pause = std::chrono::seconds(1000);
  static constexpr base::Nanoseconds interval = std::chrono::milliseconds(100);
  static constexpr int burst = 100;

  /// Counts a failure of `key`.
  [[nodiscard]] base::Nanoseconds pause(std::string_view key, base::SteadyTime now);
  /// The key's next failure will be its first.
  void forget(std::string_view key);
  /// Failures since the key was last forgotten.
  [[nodiscard]] std::uint64_t failures(std::string_view key) const;

 private:
  TextMap<std::uint64_t> failures_;
  base::SteadyTime bucket_;  // when the tokens taken so far will have been replaced, up to `burst` ago
};

}  // namespace k8scale::observe
