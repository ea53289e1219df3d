#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "k8scale/base/random.h"
#include "k8scale/base/time.h"

namespace k8scale::load {

/// Gaps are exponential (a Poisson process), or all the same.
enum class ArrivalShape { poisson, constant };

/// So many arrivals per second, for so long.
struct RateStep {
  double rate = 1;  ///< >= 0
  base::Nanoseconds duration = base::Nanoseconds::max();
};

/// When arrivals come: one step after the other.
struct ArrivalPlan {
  ArrivalShape shape = ArrivalShape::poisson;
  std::vector<RateStep> steps = {RateStep()};

  [[nodiscard]] static ArrivalPlan steady(double rate, ArrivalShape shape = ArrivalShape::poisson) {
    return {shape, {RateStep{rate}}};
  }
};

/// The moments of arrivals. A pure function of its parameters: no clock. Within a step that never ends, each
/// exponential gap is cut at 300 s.
class Arrivals {
 public:
  Arrivals(ArrivalPlan plan, base::Random random) : plan_(std::move(plan)), random_(random) {}

  /// Time of the next arrival, from the start of the run. Never decreases; nothing when the last step is
  /// over.
  [[nodiscard]] std::optional<base::Nanoseconds> next();

 private:
  ArrivalPlan plan_;
  base::Random random_;
  std::size_t step_ = 0;
  double step_start_ = 0;  // seconds
  double now_ = 0;         // seconds
};

/// The plan up to a moment, from its start.
[[nodiscard]] ArrivalPlan cut_at(ArrivalPlan plan, base::Nanoseconds end);
/// The moment of the plan's arrival number `count`, when it has more than these; else nothing: all of them
/// are among the first `count`.
[[nodiscard]] std::optional<base::Nanoseconds> end_of_first(const ArrivalPlan& plan, std::uint64_t seed,
                                                            std::uint64_t count);

/// How many of the first `most` arrivals of that seed the plan has.
[[nodiscard]] std::uint64_t count_arrivals(const ArrivalPlan& plan, std::uint64_t seed, std::uint64_t most);

}  // namespace k8scale::load
