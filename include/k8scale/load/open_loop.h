#pragma once
#include <cstdint>
#include <functional>

#include "k8scale/base/time.h"
#include "k8scale/load/lane.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {

struct OpenLoopParameters {
  double rate = 1;          ///< arrivals per second of the whole run, > 0
  std::uint64_t count = 0;  ///< arrivals of the whole run
  std::uint64_t seed = 0;
};

/// Lives one object: called for arrival `number` (from 1), which the schedule wanted at `scheduled`.
using Life = std::function<net::Task<void>(std::uint64_t number, base::SteadyTime scheduled)>;

/// Starts the lives of those numbers that `lane` takes, each at its own moment of a Poisson process that
/// began at `start`, however long the others take. Returns when all that were started have ended. When `stop`
/// is raised no more are started.
[[nodiscard]] net::Task<void> run_open_loop(net::Shard& shard, OpenLoopParameters parameters, Lane lane,
                                            base::SteadyTime start, const Life& life, net::Signal& stop);

}  // namespace k8scale::load
