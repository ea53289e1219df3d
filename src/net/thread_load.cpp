#include "net/thread_load.h"

#include <algorithm>

namespace k8scale::net {
namespace {

constexpr base::Nanoseconds interval = std::chrono::milliseconds(10);

}  // namespace

double ThreadLoad::part_used(base::SteadyTime now) {
  const base::Nanoseconds passed = now - begin_;
  if (passed < interval) return part_;
  const base::Nanoseconds used = used_();
  const std::chrono::duration<double> worked = used - used_at_begin_;
  part_ = std::min(1.0, worked / passed);
  begin_ = now;
  used_at_begin_ = used;
  return part_;
}

}  // namespace k8scale::net
