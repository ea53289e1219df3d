#pragma once
#include <functional>
#include <utility>

#include "k8scale/base/time.h"

namespace k8scale::net {

/// How much of its time a thread was at work of late. Belongs to that thread.
class ThreadLoad {
 public:
  /// `used` tells the CPU time that the thread has used.
  explicit ThreadLoad(std::function<base::Nanoseconds()> used) : used_(std::move(used)) {}

  /// 0 to 1: the part of the latest interval that ended, which is 10 ms long, or as long as nobody asked; 0
  /// when none has.
  [[nodiscard]] double part_used(base::SteadyTime now);
  /// CPU time so far.
  [[nodiscard]] base::Nanoseconds used() const { return used_(); }

 private:
  std::function<base::Nanoseconds()> used_;
  base::SteadyTime begin_;
  base::Nanoseconds used_at_begin_{0};
  double part_ = 0;
};

}  // namespace k8scale::net
