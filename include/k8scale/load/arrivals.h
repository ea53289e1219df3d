#pragma once
#include "k8scale/base/random.h"
#include "k8scale/base/time.h"

namespace k8scale::load {

/// The moments of a Poisson process. A pure function of its parameters: no clock.
class PoissonArrivals {
 public:
  /// Gaps are exponential with mean 1/`rate`, each cut at 300 s. `rate` is in arrivals per second, > 0.
  PoissonArrivals(double rate, base::Random random) : rate_(rate), random_(random) {}

  /// Time of the next arrival, from the start of the run. Never decreases.
  [[nodiscard]] base::Nanoseconds next();

 private:
  double rate_;
  base::Random random_;
  double seconds_ = 0;
};

}  // namespace k8scale::load
