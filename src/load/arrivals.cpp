#include "k8scale/load/arrivals.h"

#include <algorithm>

namespace k8scale::load {
namespace {

constexpr double longest_gap = 300;  // seconds

bool is_endless(const RateStep& step) { return step.duration == base::Nanoseconds::max(); }

}  // namespace

// An arrival is due when the rate, summed over time, has grown by the gap's length at rate 1.
std::optional<base::Nanoseconds> Arrivals::next() {
  double gap = plan_.shape == ArrivalShape::poisson ? random_.exponential() : 1;
  for (; step_ < plan_.steps.size(); ++step_) {
    const RateStep& step = plan_.steps[step_];
    if (is_endless(step)) {
      now_ += plan_.shape == ArrivalShape::poisson ? std::min(gap / step.rate, longest_gap) : gap / step.rate;
      return base::from_seconds(now_);
    }
    const double end = step_start_ + base::to_seconds(step.duration);
    const double left = step.rate * (end - now_);
    if (step.rate > 0 && gap <= left) {
      now_ += gap / step.rate;
      return base::from_seconds(now_);
    }
    gap -= left;
    now_ = step_start_ = end;
  }
  return std::nullopt;
}

ArrivalPlan cut_at(ArrivalPlan plan, base::Nanoseconds end) {
  base::Nanoseconds left = end;
  for (RateStep& each : plan.steps) {
    each.duration = std::min(each.duration, left);
    left -= each.duration;
  }
  std::erase_if(plan.steps, [](const RateStep& each) { return each.duration == base::Nanoseconds(0); });
  return plan;
}

std::optional<base::Nanoseconds> end_of_first(const ArrivalPlan& plan, std::uint64_t seed,
                                              std::uint64_t count) {
  Arrivals arrivals(plan, base::Random(seed, "gaps"));
  std::optional<base::Nanoseconds> last = base::Nanoseconds(0);
  for (std::uint64_t i = 0; i < count && last; ++i) last = arrivals.next();
  const bool more = last && arrivals.next();
  return more ? last : std::nullopt;
}

std::uint64_t count_arrivals(const ArrivalPlan& plan, std::uint64_t seed, std::uint64_t most) {
  const bool endless = !plan.steps.empty() && is_endless(plan.steps.back());
  if (endless) return most;
  Arrivals arrivals(plan, base::Random(seed, "gaps"));
  std::uint64_t count = 0;
  while (count < most && arrivals.next()) ++count;
  return count;
}

}  // namespace k8scale::load
