#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "k8scale/base/stop_signals.h"
#include "k8scale/blocks/client.h"
#include "k8scale/net/pool.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// What the server that httperf asks says of itself: `/stats`, on connections of its own. Belongs to the main
/// thread.
class ServerStats {
 public:
  /// `tls` as in PoolOptions; not the asking client's, which would resume sessions of these connections.
  ServerStats(const blocks::ClientOptions& options, std::shared_ptr<net::TlsClient> tls,
              base::StopSignals& signals);

  struct Answer {
    nlohmann::ordered_json figures;  ///< null: there was no answer within 2 s, or no JSON
    std::optional<int> signal;       ///< that came meanwhile, and ended the wait
  };
  /// After one that took too long, all others are null at once.
  [[nodiscard]] Answer read();

 private:
  struct Reading;
  [[nodiscard]] net::Task<void> ask(std::shared_ptr<Reading> reading);

  base::StopSignals& signals_;
  bool silent_ = false;  // it took too long
  net::Request request_;
  net::Shard shard_{"stats"};
  net::Pool pool_;
  net::StopFirst stop_first_{shard_};
};

}  // namespace k8scale::subcommands
