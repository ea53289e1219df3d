#pragma once
#include <chrono>
#include <functional>

#include "k8scale/base/time.h"

namespace k8scale::observe {

/// One moment on both clocks: rows show the wall clock, durations come from the steady one.
struct Moment {
  base::SteadyTime steady;
  base::WallTime wall;
};

using Clock = std::function<Moment()>;

[[nodiscard]] inline Moment read_clocks() {
  return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()};
}

}  // namespace k8scale::observe
