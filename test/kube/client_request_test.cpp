#include <string>

#include "api_client.h"
#include "catch.h"

namespace kube = k8scale::kube;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;

namespace {

bool has_line(const std::string& request, const std::string& line) {
  return ("\r\n" + request).find("\r\n" + line + "\r\n") != std::string::npos;
}

std::string first_line(const std::string& request) { return request.substr(0, request.find("\r\n")); }

}  // namespace

TEST_CASE("a collection has a path, and each object in it") {
  const kube::Collection maps(kube::config_maps(), "scaletest");
  CHECK(maps.path() == "/api/v1/namespaces/scaletest/configmaps");
  CHECK(maps.path_of("a-1") == "/api/v1/namespaces/scaletest/configmaps/a-1");
  CHECK(maps.qualified() == "configmaps");
  const kube::Collection flunders(kube::flunders(), "");
  CHECK(flunders.path() == "/apis/wardle.example.com/v1alpha1/flunders");
  CHECK(flunders.qualified() == "flunders.wardle.example.com");
  CHECK(kube::Collection(kube::namespaces(), "").path_of("x") == "/api/v1/namespaces/x");
}

TEST_CASE("what may not stand in a path is encoded") {
  const kube::Collection odd(kube::config_maps(), "a/../b?");
  CHECK(odd.path() == "/api/v1/namespaces/a%2F..%2Fb%3F/configmaps");
  CHECK(odd.path_of("x y#\r\n") == odd.path() + "/x%20y%23%0D%0A");
}

TEST_CASE("each verb has its method, path, query, type and body") {
  kube::ClientOptions options;
  options.user_agent = "scaletest driver";
  kube::ApiClient api({fake::always(fake::answer(200, "{}"))}, {}, options);
  kube::Client& client = api.client;
  api.shard.run(client.get(api.maps, "a"));
  api.shard.run(client.list(api.maps, "limit=5"));
  api.shard.run(client.create(api.maps, "a", "{1}", "fieldManager=x"));
  api.shard.run(client.update(api.maps, "a", "{2}", "dryRun=All"));
  api.shard.run(client.patch(api.maps, "a", kube::PatchType::strategic, "{3}"));
  api.shard.run(client.patch(api.maps, "a", kube::PatchType::merge, "{4}"));
  api.shard.run(client.patch(api.maps, "a", kube::PatchType::json, "[5]"));
  api.shard.run(client.remove(api.maps, "a"));
  api.shard.run(client.remove(api.maps, "a", "{6}"));
  api.shard.run(client.remove_collection(api.maps, "labelSelector=x"));
  api.shard.run(client.get_path("/version"));
  const auto requests = api.requests();
  REQUIRE(requests.size() == 11);
  const std::string path = "/api/v1/namespaces/ns/configmaps";
  const std::vector<std::string> lines = {"GET " + path + "/a",
                                          "GET " + path + "?limit=5",
                                          "POST " + path + "?fieldManager=x",
                                          "PUT " + path + "/a?dryRun=All",
                                          "PATCH " + path + "/a",
                                          "PATCH " + path + "/a",
                                          "PATCH " + path + "/a",
                                          "DELETE " + path + "/a",
                                          "DELETE " + path + "/a",
                                          "DELETE " + path + "?labelSelector=x",
                                          "GET /version"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(first_line(requests[i]) == lines[i] + " HTTP/1.1");
    CHECK(has_line(requests[i], "User-Agent: scaletest driver"));
    CHECK(has_line(requests[i], "Accept: application/json"));
    CHECK(requests[i].find("Authorization") == std::string::npos);
  }
  CHECK(has_line(requests[2], "Content-Type: application/json"));
  CHECK(has_line(requests[4], "Content-Type: application/strategic-merge-patch+json"));
  CHECK(has_line(requests[5], "Content-Type: application/merge-patch+json"));
  CHECK(has_line(requests[6], "Content-Type: application/json-patch+json"));
  CHECK(requests[0].find("Content-") == std::string::npos);
  CHECK(requests[7].find("Content-") == std::string::npos);
  CHECK(requests[2].ends_with("\r\n\r\n{1}"));
  CHECK(requests[8].ends_with("\r\n\r\n{6}"));
  CHECK(api.server.connections() == 1);
}

TEST_CASE("a server's path comes before every path") {
  kube::Configuration configuration;
  configuration.path_prefix = "/k8s/clusters/c1";
  kube::ApiClient api({fake::always(fake::answer(200, "{}"))}, configuration);
  api.get();
  CHECK(first_line(api.requests().front()) ==
        "GET /k8s/clusters/c1/api/v1/namespaces/ns/configmaps/a HTTP/1.1");
  CHECK(api.client.server() == api.server.endpoint().url() + "/k8s/clusters/c1");
}

TEST_CASE("credentials and impersonation go with every request") {
  kube::Configuration configuration;
  configuration.token = "t";
  configuration.impersonation.user = "ann";
  configuration.impersonation.uid = "u1";
  configuration.impersonation.groups = {"g1", "g2"};
  configuration.impersonation.extra = {{"example.com/scopes", {"a", "b"}}};
  kube::ApiClient api({fake::always(fake::answer(200, "{}"))}, configuration);
  api.create();
  const std::string request = api.requests().front();
  for (const char* line :
       {"Authorization: Bearer t", "Impersonate-User: ann", "Impersonate-Uid: u1", "Impersonate-Group: g1",
        "Impersonate-Group: g2", "Impersonate-Extra-example.com%2Fscopes: a",
        "Impersonate-Extra-example.com%2Fscopes: b"}) {
    CHECK(has_line(request, line));
  }
}

TEST_CASE("a server's certificate that has expired is told so") {
  const net::CertificateAndKey& authority = fake::tls_pair().authority;
  net::CertificateRequest request;
  request.ip_addresses = {"127.0.0.1"};
  request.valid_for = std::chrono::hours(-1);
  const net::TlsServerOptions expired = {net::issue_certificate(authority, request).value(), ""};
  kube::ApiClient api({fake::always("")}, {}, {}, net::TlsServer::make(expired).value());
  CHECK(api.get().error() == "tls: the server's certificate is not trusted: certificate has expired");
}

TEST_CASE("in TLS the server's name may be another one, and verification off") {
  kube::Configuration configuration;
  configuration.tls_server_name = "elsewhere.example.com";
  configuration.verify_server = GENERATE(true, false);
  kube::ApiClient api({fake::always(fake::answer(200, "{}"))}, configuration, {}, fake::tls_pair().server);
  const kube::Answer answer = api.get();
  CHECK(answer.ok() == !configuration.verify_server);
  if (configuration.verify_server) {
    REQUIRE(answer.failure.has_value());
    CHECK_THAT(answer.error(), Catch::Contains("tls: the server's certificate is not trusted: ") &&
                                   Catch::Contains("mismatch"));
  }
}
