#include "k8scale/observe/requeue_limiter.h"

#include <algorithm>

namespace k8scale::observe {
namespace {

base::Nanoseconds doubled(base::Nanoseconds first, std::uint64_t times, base::Nanoseconds longest) {
  constexpr std::uint64_t enough = 30;  // 5 ms · 2^30 is far beyond the longest
  return std::min(longest, first * (std::int64_t{1} << std::min(times, enough)));
}

}  // namespace

base::Nanoseconds RequeueLimiter::pause(std::string_view key, base::SteadyTime now) {
  auto found = failures_.find(key);
  if (found == failures_.end()) found = failures_.emplace(key, 0).first;
  const base::Nanoseconds own = doubled(first_pause, found->second++, longest_pause);
  bucket_ = std::max(bucket_, now - burst * interval) + interval;
  return std::max(own, bucket_ - now);
}

void RequeueLimiter::forget(std::string_view key) {
  const auto found = failures_.find(key);
  if (found != failures_.end()) failures_.erase(found);
}

std::uint64_t RequeueLimiter::failures(std::string_view key) const {
  const auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

}  // namespace k8scale::observe
