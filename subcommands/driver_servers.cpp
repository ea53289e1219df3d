#include "driver_servers.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "k8scale/kube/endpoints.h"
#include "k8scale/net/wait.h"

namespace k8scale::subcommands {
namespace {

using Credentials = std::shared_ptr<kube::Credentials>;

std::vector<net::Url> parse_list(const std::string& list) {
  std::vector<net::Url> urls;
  std::vector<std::string> known;
  for (const std::string& each : base::split(list, ',')) {
    const base::Result<net::Url> url = net::parse_url(base::trim(each));
    if (url.has_error()) throw base::Error("--server-list: " + url.error().detail());
    std::string text = url->endpoint.url() + url->path;
    if (std::find(known.begin(), known.end(), text) != known.end()) {
      throw base::Error(fmt::format("--server-list: found {} twice, expected different servers", text));
    }
    known.push_back(std::move(text));
    urls.push_back(*url);
  }
  return urls;
}

struct Checked {
  kube::Configuration server;
  bool reachable = false;
};

net::Task<std::optional<base::Failure>> connect(const kube::Configuration& server, net::Shard& shard,
                                                const Credentials& credentials) {
  kube::ClientOptions options;
  options.connect_timeout = std::chrono::seconds(3);
  kube::Client client(shard, server, credentials, options);
  const base::Result<void> ready = co_await client.prewarm(1);
  if (ready.has_error()) co_return ready.error();
  co_return std::nullopt;
}

net::Task<void> check_address(Checked& checked, const std::string& configured_host, net::Shard& shard,
                              const Credentials& credentials) {
  kube::Configuration& server = checked.server;
  const bool may_differ = server.server.tls && server.verify_server && server.tls_server_name.empty() &&
                          server.server.host != configured_host;
  std::optional<base::Failure> failure = co_await connect(server, shard, credentials);
  if (failure && may_differ && failure->kind() == base::FailureKind::tls) {
    kube::Configuration renamed = server;
    renamed.server.tls_name = configured_host;
    const std::optional<base::Failure> by_name = co_await connect(renamed, shard, credentials);
    if (!by_name) {
      base::log_warning(fmt::format("{}: its certificate does not carry that address: verifying it as {}",
                                    server.server.url(), configured_host));
      server = renamed;
      failure.reset();
    }
  }
  checked.reachable = !failure;
  if (!failure) co_return;
  base::log_warning(fmt::format("{}: cannot be reached now: {}", server.server.url(), failure->message()));
}

// At the same time: one that nobody answers for takes seconds.
net::Task<void> check_addresses(std::vector<Checked>& servers, const std::string& configured_host,
                                net::Shard& shard, const Credentials& credentials) {
  net::TaskGroup checks(shard);
  for (Checked& each : servers) checks.spawn(check_address(each, configured_host, shard, credentials));
  co_await checks.wait_until_done();
}

std::vector<Checked> with_addresses(const std::vector<net::Url>& urls, const kube::Configuration& configured,
                                    net::Shard& shard, const Credentials& credentials) {
  std::vector<Checked> servers;
  for (const net::Url& each : urls) {
    kube::Configuration& server = servers.emplace_back(Checked{configured}).server;
    server.server = each.endpoint;
    server.path_prefix = each.path;
  }
  shard.run(check_addresses(servers, configured.server.host, shard, credentials));
  return servers;
}

ChosenServers chosen(std::vector<Checked> servers) {
  ChosenServers made;
  made.servers.reserve(servers.size());
  for (Checked& each : servers) {
    if (each.reachable) made.reachable.push_back(made.servers.size());
    made.servers.push_back(std::move(each.server));
  }
  return made;
}

}  // namespace

void check_server_list(const std::string& list) { static_cast<void>(parse_list(list)); }

ChosenServers listed_servers(const std::string& list, const kube::Configuration& configured,
                             net::Shard& shard, const Credentials& credentials) {
  return chosen(with_addresses(parse_list(list), configured, shard, credentials));
}

ChosenServers service_servers(std::uint64_t wanted, const kube::Configuration& configured, net::Shard& shard,
                              kube::Client& client, const Credentials& credentials) {
  std::vector<net::Endpoint> endpoints = kube::service_endpoints(shard, client, "default", "kubernetes");
  if (wanted > endpoints.size()) {
    const bool one = endpoints.size() == 1;
    base::log_warning(fmt::format(
        "-conns: found {}, but service default/kubernetes has {}: going on with "
        "{}",
        wanted, one ? "1 endpoint" : fmt::format("{} endpoints", endpoints.size()), one ? "that" : "those"));
  }
  if (wanted > 0 && wanted < endpoints.size()) endpoints.resize(wanted);
  std::vector<net::Url> urls;
  urls.reserve(endpoints.size());
  for (net::Endpoint& each : endpoints) urls.emplace_back().endpoint = std::move(each);
  return chosen(with_addresses(urls, configured, shard, credentials));
}

}  // namespace k8scale::subcommands
