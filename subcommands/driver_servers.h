#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

// All configurations of these are the given one with another address. A server whose certificate does not
// carry its address is verified by the name of the configured server, and the log says so; so it does of each
// that cannot be reached now, which may be there later.

/// The servers of a run.
struct ChosenServers {
  std::vector<kube::Configuration> servers;
  std::vector<std::size_t> reachable;  ///< those that can be reached now, by their places in `servers`
};

/// Throws base::Error when that is no comma-separated list of different URLs.
void check_server_list(const std::string& list);
/// The servers that --server-list names. Tries to connect to each. Throws the same.
[[nodiscard]] ChosenServers listed_servers(const std::string& list, const kube::Configuration& configured,
                                           net::Shard& shard,
                                           const std::shared_ptr<kube::Credentials>& credentials);

/// The first `wanted` endpoints of service default/kubernetes, 0 for all of them. Throws base::Error.
[[nodiscard]] ChosenServers service_servers(std::uint64_t wanted, const kube::Configuration& configured,
                                            net::Shard& shard, kube::Client& client,
                                            const std::shared_ptr<kube::Credentials>& credentials);

}  // namespace k8scale::subcommands
