#include "apiserver/handler.h"

#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

net::ServerRequest anonymous(std::string method, std::string target) {
  net::ServerRequest sent;
  sent.method = std::move(method);
  sent.target = std::move(target);
  return sent;
}

}  // namespace

TEST_CASE("anonymous requests are refused, but for health and version") {
  Api api;
  for (const char* path : {"/api", "/apis", "/api/v1/namespaces", "/openapi/v2", "/nonsense"}) {
    const Reply refused = api.send(anonymous("GET", path));
    CHECK(refused.status == 401);
    CHECK(refused.reason() == "Unauthorized");
    CHECK(refused.message() == "Unauthorized");
    CHECK_FALSE(refused.body.contains("details"));
  }
  for (const char* path : {"/healthz", "/livez", "/readyz", "/version"}) {
    CHECK(api.send(anonymous("GET", path)).status == 200);
  }
}

TEST_CASE("the administrator has a token or a certificate") {
  Api api;
  const auto status_with = [&](const char* path, const char* authorization) {
    net::ServerRequest sent = anonymous("GET", path);
    sent.headers.add("Authorization", authorization);
    return api.send(sent).status;
  };
  for (const char* wrong :
       {"Bearer other", "Bearer secre", "Bearer secret2", "Bearer  secret", "Basic secret", "secret", ""}) {
    CHECK(status_with("/api", wrong) == 401);
  }
  CHECK(status_with("/api", "bearer secret") == 200);
  net::ServerRequest sent = anonymous("GET", "/api");
  sent.client_certificate.emplace();
  CHECK(api.send(sent).status == 200);
  CHECK(api.get("/api").status == 200);
}

TEST_CASE("whoever shows a wrong token is not taken for nobody") {
  Api api;
  for (const char* path : {"/healthz", "/livez", "/readyz", "/version", "/"}) {
    net::ServerRequest sent = anonymous("GET", path);
    sent.headers.add("Authorization", "Bearer other");
    CHECK(api.send(sent).status == 401);
    net::ServerRequest without_token = anonymous("GET", path);
    without_token.headers.add("Authorization", "Basic b3RoZXI6b3RoZXI=");
    CHECK(api.send(without_token).status == (std::string_view(path) == "/" ? 401 : 200));
  }
}

TEST_CASE("every answer of the API says who handled it") {
  Api api;
  const Reply first = api.get(config_maps);
  const Reply second = api.post(config_maps, Json::array());
  for (const char* name : {"X-Kubernetes-PF-FlowSchema-UID", "X-Kubernetes-PF-PriorityLevel-UID"}) {
    REQUIRE(first.headers.find(name).has_value());
    CHECK(first.headers.find(name) == second.headers.find(name));
    CHECK(first.headers.find(name)->size() == 36);
  }
  CHECK(first.headers.find("Audit-Id") != second.headers.find("Audit-Id"));
  CHECK(first.headers.find("Content-Type") == "application/json");
  CHECK(first.headers.find("Cache-Control") == "no-cache, private");
}

TEST_CASE("what is deprecated says so in every answer") {
  Api api;
  for (const Reply& reply :
       {api.get("/api/v1/endpoints"), api.get("/api/v1/namespaces/default/endpoints/none")}) {
    CHECK(reply.headers.find("Warning") ==
          "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\"");
  }
  CHECK_FALSE(api.get(config_maps).headers.find("Warning").has_value());
}

TEST_CASE("what the HTTP server refuses by itself is a Status too") {
  const auto body = [](int status, std::size_t limit) {
    const net::Response response = transport_refusal(status, "head too large", limit);
    CHECK(response.status == status);
    return parse_json(response.body).value;
  };
  const Json large = body(413, 3 << 20);
  CHECK(large["reason"] == "RequestEntityTooLarge");
  CHECK(large["message"] == "Request entity too large: limit is 3145728");
  CHECK(large["code"] == 413);
  CHECK(body(431, 0)["code"] == 431);
  CHECK(body(400, 0)["message"] == "head too large");
}

TEST_CASE("the service kubernetes names the server") {
  Api api;
  const std::string core = "/api/v1/namespaces/default/";
  const Json subset = api.get(core + "endpoints/kubernetes").body["subsets"][0];
  CHECK(subset["addresses"][0]["ip"] == "127.0.0.1");
  CHECK(subset["ports"][0]["port"] == 6443);
  CHECK(subset["ports"][0]["name"] == "https");
  const Reply slices = api.get(
      "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
      "?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes");
  CHECK(slices.names() == Names{"kubernetes"});
  CHECK(slices.body["items"][0]["endpoints"][0]["addresses"] == Json({"127.0.0.1"}));
  CHECK(api.get(core + "services/kubernetes").body["spec"]["ports"][0]["port"] == 443);
}

}  // namespace k8scale::apiserver
