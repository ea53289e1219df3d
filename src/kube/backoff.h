#pragma once
#include "k8scale/base/random.h"
#include "k8scale/kube/reflector.h"

namespace k8scale::kube {

/// client-go's pauses between failures: `ReflectorTimes::first_pause`, doubled each time up to
/// `longest_pause`, each lengthened by a random part of itself; from the start after `calm` without one.
class Backoff {
 public:
  explicit Backoff(const ReflectorTimes& times) : times_(times) {}
  /// How long to wait after a failure at `now`.
  [[nodiscard]] base::Nanoseconds next(base::SteadyTime now, base::Random& random);
  /// Something went well: the next pause is the first again.
  void forget() { pause_ = base::Nanoseconds(0); }

 private:
  const ReflectorTimes& times_;
  base::Nanoseconds pause_{0};
  base::SteadyTime last_;
};

}  // namespace k8scale::kube
