#include "net/thread_load.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace k8scale::net {
namespace {

constexpr base::Nanoseconds interval = std::chrono::milliseconds(10);

base::Nanoseconds used_by_this_thread() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + base::Nanoseconds(time.tv_nsec);
}

}  // namespace

ThreadLoad::ThreadLoad(std::function<base::Nanoseconds()> used)
    : used_(used ? std::move(used) : used_by_this_thread) {}

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
