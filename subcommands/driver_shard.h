#pragma once
#include <functional>
#include <future>
#include <memory>

#include "k8scale/load/loop.h"
#include "k8scale/load/object_operations.h"
#include "k8scale/load/run.h"
#include "k8scale/load/server_set.h"
#include "k8scale/load/write_observer.h"
#include "k8scale/measure/csv.h"
#include "k8scale/measure/recorder.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// One shard of a driver and what lives on it. Made and destroyed by the main thread; everything else happens
/// on the shard.
class DriverShard {
 public:
  using MakeLoop = std::function<std::unique_ptr<load::Loop>(const load::LoopContext&)>;
  struct Parameters {
    load::ServerSet::Options servers;
    std::shared_ptr<const load::ObjectFamily> family;
    MakeLoop make_loop;
    load::Lane lane;
    std::uint64_t seed = 0;
    base::Nanoseconds clean_up_time{0};  ///< at most, for what went wrong
    bool paced = true;                   ///< OperationRecorder::Sinks::paced
  };

  DriverShard(int index, const Parameters& parameters, measure::OperationLog& log,
              load::WriteObserver* observer);

  [[nodiscard]] net::Shard& shard() { return shard_; }
  /// Opens so many connections to each server, and what the loop needs before the schedule begins.
  void prepare(std::size_t connections);
  /// Begins to open those connections of `prepare` anew that rested too long; ready when that is done.
  [[nodiscard]] std::future<void> prewarm(std::size_t connections);
  /// From any thread: `prepare` and the run end soon.
  void stop_soon();
  /// Operations that waited because all connections were in use. Once the shard has stopped.
  [[nodiscard]] std::uint64_t waited_for_limit() { return servers_.waited_for_limit(); }
  /// For load::run_shards.
  [[nodiscard]] load::ShardWork work();
  /// Objects that may be left on the server. Once the shard has stopped.
  [[nodiscard]] std::size_t left() const;
  [[nodiscard]] const load::Loop& loop() const { return *loop_; }

 private:
  [[nodiscard]] net::Task<void> open_connections(std::size_t count,
                                                 std::shared_ptr<std::promise<void>> opened);
  [[nodiscard]] net::Task<void> clean_up();
  void stop();

  net::Shard shard_;
  measure::Recorder recorder_;
  load::ServerSet servers_;
  net::Signal stop_;
  std::unique_ptr<load::WriteFeed> writes_;  // when the run watches what it writes
  base::Nanoseconds clean_up_time_;
  load::ObjectOperations operations_;
  std::unique_ptr<load::Loop> loop_;
  net::StopFirst stop_first_{shard_};
};

}  // namespace k8scale::subcommands
