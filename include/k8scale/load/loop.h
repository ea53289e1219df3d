#pragma once
#include "k8scale/base/time.h"
#include "k8scale/load/lane.h"
#include "k8scale/load/object_operations.h"
#include "k8scale/measure/recorder.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {

/// What a loop works with: its shard and what lives there, and its share of the run.
struct LoopContext {
  net::Shard& shard;
  ObjectOperations& operations;
  measure::Recorder& recorder;
  Lane lane;
  net::Signal& stop;  ///< when raised: no new work, and what exists is deleted
};

/// What one shard does in a run: the schedule, and the operations that it asks for. Tells the recorder, when
/// it is made, how many of them there will be.
class Loop {
 public:
  virtual ~Loop() = default;
  /// Before the schedule begins.
  [[nodiscard]] virtual net::Task<void> prepare() { co_return; }
  /// Ends when nothing is left to do.
  [[nodiscard]] virtual net::Task<void> run(base::SteadyTime start) = 0;
};

}  // namespace k8scale::load
