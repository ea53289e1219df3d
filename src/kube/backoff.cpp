#include "kube/backoff.h"

#include <algorithm>

namespace k8scale::kube {

base::Nanoseconds Backoff::next(base::SteadyTime now, base::Random& random) {
  const bool calm = now - last_ > times_.calm;
  pause_ = calm || pause_ == base::Nanoseconds(0) ? times_.first_pause
                                                  : std::min(2 * pause_, times_.longest_pause);
  last_ = now;
  return pause_ + base::from_seconds(base::to_seconds(pause_) * random.uniform());
}

}  // namespace k8scale::kube
