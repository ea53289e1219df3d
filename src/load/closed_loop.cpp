#include "k8scale/load/closed_loop.h"

#include <algorithm>

namespace k8scale::load {

PhaseOrder::PhaseOrder(const ClosedLoopParameters& parameters, std::uint64_t worker)
    : worker_(worker),
      workers_(parameters.workers),
      objects_((parameters.objects + worker) / parameters.workers),
      lag_(std::max<std::uint64_t>(
          1, (parameters.population + parameters.updates * parameters.workers + worker) /
                 ((1 + parameters.updates) * parameters.workers))),
      passed_(1 + parameters.updates + (parameters.deletes ? 1 : 0), 0) {}

bool PhaseOrder::may_follow(std::size_t phase) const {
  const std::uint64_t ahead = passed_[phase - 1] - passed_[phase];
  return ahead >= lag_ || (ahead > 0 && passed_[phase - 1] == objects_);
}

std::optional<Step> PhaseOrder::next() {
  std::size_t phase = passed_.size() - 1;
  while (phase > 0 && !may_follow(phase)) --phase;
  if (phase == 0 && passed_[0] == objects_) return std::nullopt;
  return Step{phase, 1 + worker_ + workers_ * passed_[phase]++};
}

base::Nanoseconds step_due(std::uint64_t step, std::uint64_t worker, std::uint64_t workers, double rate) {
  return base::from_seconds(
      (static_cast<double>(step) * static_cast<double>(workers) + static_cast<double>(worker + 1)) / rate);
}

}  // namespace k8scale::load
