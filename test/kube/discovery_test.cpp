#include "k8scale/kube/discovery.h"

#include "catch.h"
#include "k8scale/base/error.h"
#include "kube/api_client.h"

namespace k8scale::kube {
namespace {

using net::fake::read_request;

std::string http(std::string_view status, const std::string& body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

ApiClient answering(std::string_view status, const std::string& body) {
  return ApiClient({{read_request(), net::fake::send(http(status, body))}});
}

const std::string group_text = R"({"kind": "APIGroup", "name": "wardle.example.com",
    "versions": [{"version": "v1beta1"}, {"version": "v1alpha1"}],
    "preferredVersion": {"groupVersion": "wardle.example.com/v1alpha1", "version": "v1alpha1"}})";
const std::string resources_text = R"({"kind": "APIResourceList", "groupVersion": "v1", "resources": [
    {"name": "nodes", "kind": "Node", "namespaced": false}, {"name": "pods/log", "kind": "Pod", "namespaced": true},
    {"name": "pods", "kind": "Pod", "namespaced": true}]})";

Resource core(const std::string& plural) { return {"", "v1", plural, "", false}; }

}  // namespace

TEST_CASE("a resource's kind and scope are in the list of its group and version") {
  const auto pods = parse_resource_list(resources_text, core("pods"));
  REQUIRE(pods.has_value());
  CHECK(pods->kind == "Pod");
  CHECK(pods->namespaced);
  CHECK(pods->plural == "pods");
  CHECK_FALSE(parse_resource_list(resources_text, core("nodes"))->namespaced);
  CHECK_FALSE(parse_resource_list(resources_text, core("pod")).has_value());
}

TEST_CASE("what is no discovery document names nothing") {
  const std::string text =
      GENERATE("", "nonsense", "[]", R"({"resources": 7})", R"({"preferredVersion": 7})");
  CHECK_FALSE(parse_resource_list(text, core("pods")).has_value());
  CHECK(parse_preferred_version(text).empty());
}

TEST_CASE("a group's preferred version is asked for at its own path") {
  ApiClient api = answering("200 OK", group_text);
  CHECK(preferred_version(api.shard, api.client, "wardle.example.com") == "v1alpha1");
  CHECK(api.requests().front().starts_with("GET /apis/wardle.example.com HTTP/1.1"));
}

TEST_CASE("a resource is asked for at its version's path") {
  ApiClient api = answering("200 OK", resources_text);
  CHECK(find_resource(api.shard, api.client, core("pods"))->kind == "Pod");
  CHECK(api.requests().front().starts_with("GET /api/v1 HTTP/1.1"));
}

TEST_CASE("a group or version that the server does not have is no error") {
  ApiClient api({{read_request(), net::fake::send(http("404 Not Found", "")), read_request(),
                  net::fake::send(http("404 Not Found", ""))}});
  CHECK_FALSE(preferred_version(api.shard, api.client, "wardle.k8s.io").has_value());
  CHECK_FALSE(find_resource(api.shard, api.client, flunders()).has_value());
}

TEST_CASE("a server that does not say what it serves is an error of the configuration") {
  const std::string status = GENERATE("401 Unauthorized", "403 Forbidden", "503 Service Unavailable");
  ApiClient api({{read_request(), net::fake::send(http(status, ""))},
                 {read_request(), net::fake::send(http(status, ""))}});
  try {
    static_cast<void>(find_resource(api.shard, api.client, flunders()));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(error.exit_code() == 20);
    CHECK_THAT(error.what(), Catch::Matchers::Contains("/apis/wardle.example.com/v1alpha1"));
  }
}

}  // namespace k8scale::kube
