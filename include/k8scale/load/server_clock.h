#pragma once
#include <optional>

#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/measure/run_part.h"

namespace k8scale::load {

/// How far a server's clock is ahead of ours, in bounds that each of its answers narrows: their Date fields
/// are whole seconds, so one that comes just after the server's second began says the most.
class ServerClock {
 public:
  /// The server answered with `date` at some moment between `sent` and `received` of our clock.
  void add(base::WallTime date, base::WallTime sent, base::WallTime received);
  /// The same, of an attempt with an answer that has a Date field.
  void add(const kube::Attempt& attempt);

  /// Nothing before the first answer, and when answers contradict one another: the clock was set, or there
  /// are several.
  [[nodiscard]] std::optional<measure::ClockDifference> difference() const;
  /// Whether the bounds are as close as matters.
  [[nodiscard]] bool is_known() const;
  /// When to ask next: now, or when the server's second may be over.
  [[nodiscard]] base::WallTime next_question(base::WallTime now) const;

 private:
  base::Nanoseconds at_least_ = base::Nanoseconds::min();
  base::Nanoseconds at_most_ = base::Nanoseconds::max();
};

}  // namespace k8scale::load
