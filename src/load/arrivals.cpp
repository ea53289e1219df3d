#include "k8scale/load/arrivals.h"

#include <algorithm>

namespace k8scale::load {

base::Nanoseconds PoissonArrivals::next() {
  constexpr double longest_gap = 300;
  seconds_ += std::min(random_.exponential() / rate_, longest_gap);
  return base::from_seconds(seconds_);
}

}  // namespace k8scale::load
