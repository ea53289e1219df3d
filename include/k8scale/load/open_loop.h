#pragma once
#include <cstdint>
#include <functional>

#include "k8scale/base/time.h"
#include "k8scale/load/arrivals.h"
#include "k8scale/load/lane.h"
#include "k8scale/load/loop.h"
#include "k8scale/load/object_lifecycle.h"

namespace k8scale::load {

struct OpenLoopParameters {
  ArrivalPlan arrivals;     ///< of the whole run
  std::uint64_t count = 0;  ///< arrivals of the whole run, at most
  std::uint64_t seed = 0;
};

/// What begins with an arrival: called for number `number`, from 1.
using Life = std::function<net::Task<void>(std::uint64_t number, Begin begin)>;

/// Starts the lives of those numbers that `lane` takes, each at its own moment after `start`, however long
/// the others take. While it is crowded, arrivals wait in the schedule, where each costs nothing, instead of
/// with those that wait already: they are as late either way, and `Begin::crowded_out` says so, but for what
/// the thread had no time for. Returns when all that were started have ended. When `stop` is raised no more
/// are started.
[[nodiscard]] net::Task<void> run_open_loop(net::Shard& shard, OpenLoopParameters parameters, Lane lane,
                                            base::SteadyTime start, const Life& life, const LookAtCrowd& look,
                                            net::Signal& stop);

/// Each arrival is an object that is created, lives, and is deleted.
class OpenLoop final : public Loop {
 public:
  OpenLoop(const LoopContext& context, OpenLoopParameters parameters, ObjectLifecycle::Parameters lifecycle);
  [[nodiscard]] net::Task<void> run(base::SteadyTime start) override;

 private:
  LoopContext context_;
  OpenLoopParameters parameters_;
  ObjectLifecycle lifecycle_;
};

}  // namespace k8scale::load
