#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "k8scale/blocks/client.h"
#include "k8scale/net/pool.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// What the server that httperf asks says of itself. Belongs to the main thread.
class ServerStats {
 public:
  explicit ServerStats(const blocks::ClientOptions& options);

  /// The answer to `/stats`; null when there is none within 2 s, or it is not JSON.
  [[nodiscard]] nlohmann::ordered_json read();

 private:
  net::Shard shard_{"stats"};
  net::Request request_;
  net::Pool pool_;
};

}  // namespace k8scale::subcommands
