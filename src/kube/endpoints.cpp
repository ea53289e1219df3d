#include "k8scale/kube/endpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/error.h"
#include "k8scale/base/text.h"
#include "kube/json_member.h"

namespace k8scale::kube {
namespace {

using Json = nlohmann::json;
using Endpoints = std::vector<net::Endpoint>;

std::optional<std::uint16_t> first_tcp_port(const Json& ports) {
  for (const Json& each : ports) {
    const Json& protocol = member(each, "protocol");
    const Json& port = member(each, "port");
    const bool tcp = protocol.is_null() || protocol == "TCP";
    if (tcp && port.is_number_unsigned() && port.get<std::uint64_t>() <= 65'535) {
      return port.get<std::uint16_t>();
    }
  }
  return std::nullopt;
}

void add(Endpoints& found, const Json& address, std::uint16_t port) {
  if (!address.is_string()) return;
  net::Endpoint endpoint{address.get<std::string>(), port, true};
  if (std::find(found.begin(), found.end(), endpoint) == found.end()) found.push_back(std::move(endpoint));
}

void add_slice(Endpoints& found, const Json& slice) {
  const auto port = first_tcp_port(member(slice, "ports"));
  if (!port || member(slice, "addressType") == "FQDN") return;
  for (const Json& endpoint : member(slice, "endpoints")) {
    if (member(member(endpoint, "conditions"), "ready") == false) continue;
    for (const Json& address : member(endpoint, "addresses")) add(found, address, *port);
  }
}

base::Error failed(const Client& client, std::string_view what, std::string_view why) {
  return base::Error(fmt::format("{}: {}: {}", client.server(), what, why), endpoints_exit_code);
}

Endpoints of_slices(net::Shard& shard, Client& client, std::string_view namespace_name,
                    std::string_view service) {
  const Collection slices(endpoint_slices(), namespace_name);
  const std::string query =
      "labelSelector=" + base::percent_encode(fmt::format("kubernetes.io/service-name={}", service));
  const AttemptObserver nobody;
  const Answer answer = shard.run(client.list(slices, query, nobody));
  if (!answer.ok()) throw failed(client, "cannot list endpointslices", answer.error());
  return parse_endpoint_slices(answer.body).value_or(Endpoints());
}

}  // namespace

std::optional<Endpoints> parse_endpoints(std::string_view json) {
  const Json object = Json::parse(json, nullptr, false);
  if (member(object, "kind") != "Endpoints") return std::nullopt;
  Endpoints found;
  for (const Json& subset : member(object, "subsets")) {
    const auto port = first_tcp_port(member(subset, "ports"));
    if (!port) continue;
    for (const Json& address : member(subset, "addresses")) add(found, member(address, "ip"), *port);
  }
  return found;
}

std::optional<Endpoints> parse_endpoint_slices(std::string_view json) {
  const Json list = Json::parse(json, nullptr, false);
  if (member(list, "kind") != "EndpointSliceList") return std::nullopt;
  Endpoints found;
  for (const Json& slice : member(list, "items")) add_slice(found, slice);
  return found;
}

Endpoints service_endpoints(net::Shard& shard, Client& client, std::string_view namespace_name,
                            std::string_view service) {
  const AttemptObserver nobody;
  const Answer answer = shard.run(client.get({endpoints(), namespace_name}, service, nobody));
  Endpoints found;
  if (answer.ok()) {
    found = parse_endpoints(answer.body).value_or(Endpoints());
  } else if (!answer.not_found()) {
    throw failed(client, fmt::format("cannot read endpoints {}/{}", namespace_name, service), answer.error());
  }
  if (found.empty()) found = of_slices(shard, client, namespace_name, service);
  if (found.empty()) {
    throw failed(client, fmt::format("service {}/{}", namespace_name, service),
                 "found no ready endpoint with a TCP port, expected at least one");
  }
  return found;
}

}  // namespace k8scale::kube
