#pragma once
#include <functional>

#include "k8scale/base/time.h"

namespace k8scale::load {

/// What a look at the operations that wait for a connection shows.
struct Crowd {
  bool is_there = false;  ///< they are so many that more would only take memory
  /// So far, in all: while some waited and the thread had no time to open many connections.
  base::Nanoseconds short_of_time{0};
};
using LookAtCrowd = std::function<Crowd()>;

}  // namespace k8scale::load
