#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// Which API servers a run goes to.
struct ServerChoice {
  /// Endpoints of service default/kubernetes: nothing, for the configured server alone; 0 for all of them; or
  /// so many, the first ones.
  std::optional<std::uint64_t> endpoints;
  std::string list;  ///< URLs, comma-separated; not with `endpoints`
};

/// The configurations of those servers: the given one with another address. A server whose certificate does
/// not carry its address is verified by the name of the configured server, and the log says so. Throws
/// base::Error.
[[nodiscard]] std::vector<kube::Configuration> choose_servers(
    const ServerChoice& choice, const kube::Configuration& configured, net::Shard& shard,
    kube::Client& client, const std::shared_ptr<kube::Credentials>& credentials);

}  // namespace k8scale::subcommands
