#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/base/stop_signals.h"
#include "k8scale/base/time.h"
#include "k8scale/measure/progress.h"
#include "k8scale/measure/recorder.h"
#include "k8scale/net/shard.h"

/// What all drivers have in common: their shards start together, are watched while they run, and stop.
namespace k8scale::load {

/// What a shard's CPU time is counted as.
enum class ShardRole { drives, watches };

/// One shard's part of a run. All functions run on its thread.
struct ShardWork {
  net::Shard& shard;
  const measure::Recorder& recorder;
  std::function<net::Task<void>(base::SteadyTime start)> run;  ///< ends when nothing is left to do
  std::function<void()> stop;                                  ///< `run` should end soon
  ShardRole role = ShardRole::drives;
  std::function<net::Task<void>()> clean_up =
      {};  ///< after `run`, what is no part of the schedule; may be null
};

struct RunOptions {
  measure::ProgressStyle progress = measure::ProgressStyle::automatic;
  base::Nanoseconds grace = std::chrono::seconds(30);          ///< from a stop signal to giving up
  double asked_rate = 0;                                       ///< of `paced`, per second
  std::optional<base::WallTime> start_at;                      ///< of the schedule; nothing: now
  std::optional<measure::Verb> paced = measure::Verb::create;  ///< nothing: all verbs together
  std::function<void(const measure::Snapshot&, const measure::Pace&)> publish;  ///< four times a second
  std::function<void()> before_exit;  ///< a second signal came: called before the process ends at once
  bool keeps_objects = false;         ///< also after a stop signal
  std::string how_to_clean_up;  ///< for people, what removes objects that are left then; empty: nothing need
};

struct RunResult {
  measure::Snapshot totals;
  base::SteadyTime start;  ///< of the schedule
  base::WallTime started;  ///< the same moment
  base::WallTime ended;
  base::Nanoseconds duration{0};
  base::Nanoseconds driven{0};  ///< of `duration`: until the last shard that drives had nothing left to do
  std::uint64_t driven_operations = 0;  ///< that had ended by then
  measure::Snapshot driven_totals;      ///< of them
  base::Nanoseconds shard_cpu{0};       ///< of the shards that drive
  base::Nanoseconds watch_cpu{0};       ///< of those that watch
  std::optional<int> signal;            ///< that stopped it
  bool gave_up = false;                 ///< the grace time was over before all was done
};

/// Runs the shards' work to its end, and stops the shards. Called on the main thread.
[[nodiscard]] RunResult run_shards(std::vector<ShardWork>& work, const RunOptions& options,
                                   base::StopSignals& signals);

/// 0, or 128 and the signal's number.
[[nodiscard]] int exit_code_of(const RunResult& result);

}  // namespace k8scale::load
