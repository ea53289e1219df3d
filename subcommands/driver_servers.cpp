#include "driver_servers.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "k8scale/kube/endpoints.h"

namespace k8scale::subcommands {
namespace {

std::vector<kube::Configuration> of_service(std::uint64_t wanted, const kube::Configuration& configured,
                                            net::Shard& shard, kube::Client& client) {
  std::vector<net::Endpoint> endpoints = kube::service_endpoints(shard, client, "default", "kubernetes");
  if (wanted > endpoints.size()) {
    base::log_warning(
        fmt::format("-conns: found {}, but service default/kubernetes has {} endpoints: going on "
                    "with those",
                    wanted, endpoints.size()));
  }
  if (wanted > 0 && wanted < endpoints.size()) endpoints.resize(wanted);
  std::vector<kube::Configuration> servers;
  for (const net::Endpoint& each : endpoints) {
    kube::Configuration& server = servers.emplace_back(configured);
    server.server = each;
    server.path_prefix.clear();
  }
  return servers;
}

std::vector<kube::Configuration> of_list(const std::string& list, const kube::Configuration& configured) {
  std::vector<kube::Configuration> servers;
  for (const std::string_view each : base::split(list, ',')) {
    const base::Result<net::Url> url = net::parse_url(base::trim(each));
    if (url.has_error()) throw base::Error("--server-list: " + url.error().detail());
    kube::Configuration& server = servers.emplace_back(configured);
    server.server = url->endpoint;
    server.path_prefix = url->path;
  }
  return servers;
}

std::optional<base::Failure> connect(const kube::Configuration& server, net::Shard& shard,
                                     const std::shared_ptr<kube::Credentials>& credentials) {
  kube::ClientOptions options;
  options.connect_timeout = std::chrono::seconds(3);
  kube::Client client(shard, server, credentials, options);
  const base::Result<void> ready = shard.run(client.prewarm(1));
  return ready.has_error() ? std::optional(ready.error()) : std::nullopt;
}

// Leaves a server that cannot be reached as it is: it may be there later.
void find_name(kube::Configuration& server, const std::string& configured_host, net::Shard& shard,
               const std::shared_ptr<kube::Credentials>& credentials) {
  const bool may_differ = server.server.tls && server.verify_server && server.tls_server_name.empty() &&
                          server.server.host != configured_host;
  const std::optional<base::Failure> failure = connect(server, shard, credentials);
  if (!failure) return;
  if (may_differ && failure->kind() == base::FailureKind::tls) {
    kube::Configuration renamed = server;
    renamed.server.tls_name = configured_host;
    if (!connect(renamed, shard, credentials)) {
      base::log_warning(fmt::format("{}: its certificate does not carry that address: verifying it as {}",
                                    server.server.url(), configured_host));
      server = renamed;
      return;
    }
  }
  base::log_warning(fmt::format("{}: cannot be reached now: {}", server.server.url(), failure->message()));
}

}  // namespace

std::vector<kube::Configuration> choose_servers(const ServerChoice& choice,
                                                const kube::Configuration& configured, net::Shard& shard,
                                                kube::Client& client,
                                                const std::shared_ptr<kube::Credentials>& credentials) {
  if (!choice.endpoints && choice.list.empty()) return {configured};
  std::vector<kube::Configuration> servers =
      choice.list.empty() ? of_service(choice.endpoints.value_or(0), configured, shard, client)
                          : of_list(choice.list, configured);
  for (kube::Configuration& each : servers) find_name(each, configured.server.host, shard, credentials);
  return servers;
}

}  // namespace k8scale::subcommands
