#pragma once
#include <memory>

#include "k8scale/kube/client.h"
#include "k8scale/load/object_lifecycle.h"
#include "k8scale/load/open_loop.h"
#include "k8scale/load/run.h"
#include "k8scale/load/write_observer.h"
#include "k8scale/measure/csv.h"
#include "k8scale/measure/recorder.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// One shard of an open-loop driver and what lives on it. Made and destroyed by the main thread; everything
/// else happens on the shard.
class OpenLoopShard {
 public:
  struct Parameters {
    load::OpenLoopParameters loop;
    load::Lane lane;
    load::ObjectLifecycle::Parameters lifecycle;
    base::Nanoseconds clean_up_time{0};  ///< at most, for what went wrong
  };

  OpenLoopShard(int index, const kube::Configuration& configuration,
                std::shared_ptr<kube::Credentials> credentials, kube::ClientOptions options,
                kube::Collection collection, load::ObjectNames names, Parameters parameters,
                measure::OperationLog& log, load::WriteObserver* observer);

  [[nodiscard]] net::Shard& shard() { return shard_; }
  [[nodiscard]] kube::Client& client() { return client_; }
  /// For load::run_shards.
  [[nodiscard]] load::ShardWork work();
  /// Objects that may be left on the server. Once the shard has stopped.
  [[nodiscard]] std::size_t left() const;

 private:
  [[nodiscard]] net::Task<void> run(base::SteadyTime start);
  void stop();

  net::Shard shard_;
  measure::Recorder recorder_;
  kube::Client client_;
  net::Signal stop_;
  std::unique_ptr<load::WriteFeed> writes_;  // when the run watches what it writes
  Parameters parameters_;
  load::ObjectLifecycle lifecycle_;
};

}  // namespace k8scale::subcommands
