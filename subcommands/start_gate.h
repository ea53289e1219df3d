#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "k8scale/load/start_barrier.h"
#include "k8scale/measure/run_part.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// Holds a run back until it should begin: at a moment that is given, or that its parts agree on.
class StartGate {
 public:
  struct Options {
    std::optional<base::WallTime> at;  ///< given; nothing: agreed on
    load::StartBarrier::Options barrier;
    std::string_view namespace_name;
  };
  /// What is passed by reference must outlive it. Called on the main thread, as is all but `stop`.
  StartGate(net::Shard& shard, kube::Client& client, Options options);

  /// Waits for the other parts, or until a while before the moment that is given. Throws base::Error when the
  /// parts do not come together.
  void meet();
  /// After `meet`: waits until shortly before the start, and asks the server for its time meanwhile.
  void wait();
  /// From any thread: `meet` and `wait` end soon.
  void stop();
  /// The run is over.
  void leave();

  /// When it begins; nothing when it was stopped. After `meet`.
  [[nodiscard]] std::optional<base::WallTime> start() const { return start_; }
  [[nodiscard]] std::optional<measure::ClockDifference> server_clock() const {
    return barrier_.clock().difference();
  }

 private:
  [[nodiscard]] net::Task<void> meet_or_sleep();
  [[nodiscard]] net::Task<void> wait_for_start();
  [[nodiscard]] net::Task<void> learn_server_clock(base::WallTime end);

  net::Shard& shard_;
  kube::Client& client_;
  Options options_;
  load::StartBarrier barrier_;
  net::Signal stop_;
  load::Meeting meeting_;
  std::optional<base::WallTime> start_;
};

}  // namespace k8scale::subcommands
