#include "k8scale/kube/endpoints.h"

#include "catch.h"

namespace kube = k8scale::kube;
namespace net = k8scale::net;

namespace {

std::vector<std::string> urls(const std::optional<std::vector<net::Endpoint>>& endpoints) {
  REQUIRE(endpoints.has_value());
  std::vector<std::string> found;
  for (const net::Endpoint& each : *endpoints) found.push_back(each.url());
  return found;
}

using Urls = std::vector<std::string>;

}  // namespace

TEST_CASE("Endpoints give every ready address of every subset with the subset's first TCP port") {
  const auto found = kube::parse_endpoints(R"({"kind": "Endpoints", "subsets": [
      {"addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}], "notReadyAddresses": [{"ip": "10.0.0.9"}],
       "ports": [{"port": 53, "protocol": "UDP"}, {"name": "https", "port": 6443, "protocol": "TCP"}, {"port": 1}]},
      {"addresses": [{"ip": "fd00::1"}], "ports": [{"port": 8443}]},
      {"addresses": [{"ip": "10.0.0.3"}], "ports": [{"port": 53, "protocol": "UDP"}]}]})");
  CHECK(urls(found) == Urls{"https://10.0.0.1:6443", "https://10.0.0.2:6443", "https://[fd00::1]:8443"});
}

TEST_CASE("an Endpoints object without subsets has no endpoints") {
  CHECK(urls(kube::parse_endpoints(R"({"kind": "Endpoints"})")).empty());
  CHECK(urls(kube::parse_endpoints(R"({"kind": "Endpoints", "subsets": null})")).empty());
}

TEST_CASE("EndpointSlices give each address once, without those that are not ready or are names") {
  const auto found = kube::parse_endpoint_slices(R"({"kind": "EndpointSliceList", "items": [
      {"addressType": "IPv4", "ports": [{"port": 6443, "protocol": "TCP"}],
       "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}},
                     {"addresses": ["10.0.0.2"], "conditions": {"ready": false}}, {"addresses": ["10.0.0.3"]}]},
      {"addressType": "IPv4", "ports": [{"port": 6443}], "endpoints": [{"addresses": ["10.0.0.1"]}]},
      {"addressType": "FQDN", "ports": [{"port": 6443}], "endpoints": [{"addresses": ["api.example"]}]}]})");
  CHECK(urls(found) == Urls{"https://10.0.0.1:6443", "https://10.0.0.3:6443"});
}

TEST_CASE("what is no Endpoints object or list of slices gives nothing") {
  const std::string text = GENERATE("", "nonsense", "[]", R"({"kind": "Status"})", R"({"subsets": []})");
  CHECK_FALSE(kube::parse_endpoints(text).has_value());
  CHECK_FALSE(kube::parse_endpoint_slices(text).has_value());
}

TEST_CASE("ports and addresses of another type are passed over") {
  CHECK(urls(kube::parse_endpoints(R"({"kind": "Endpoints", "subsets": [
      {"addresses": [{"ip": 7}, "x", {"ip": "10.0.0.1"}], "ports": [{"port": "80"}, {"port": 70000}, {"port": 443}]}]})")) ==
        Urls{"https://10.0.0.1"});
}
