#include <string>

#include "api_client.h"
#include "captured.h"
#include "catch.h"
#include "thrown.h"

namespace base = k8scale::base;
namespace kube = k8scale::kube;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;
using namespace std::chrono_literals;

namespace {

const std::string invalid =
    R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"ConfigMap \"a\" is invalid",
  "reason":"Invalid","code":422,"details":{"causes":[{"reason":"FieldValueInvalid","message":"bad","field":"data"}]}})";

std::string version_told(kube::ApiClient& api) {
  return kube::thrown([&] { static_cast<void>(kube::server_version(api.shard, api.client)); });
}

}  // namespace

TEST_CASE("an answer is its body, or the server's Status") {
  kube::ApiClient api({{fake::reply(fake::answer(200, "{\"kind\":\"ConfigMap\"}")),
                        fake::reply(fake::answer(422, invalid))}});
  const kube::Answer good = api.get();
  CHECK(good.ok());
  CHECK(good.http_status == 200);
  CHECK(good.body == "{\"kind\":\"ConfigMap\"}");
  CHECK(good.error().empty());
  const kube::Answer bad = api.create();
  CHECK_FALSE(bad.ok());
  CHECK(bad.http_status == 422);
  REQUIRE(bad.status.has_value());
  CHECK(bad.status->reason == "Invalid");
  REQUIRE(bad.status->causes.size() == 1);
  CHECK(bad.status->causes[0].field == "data");
  CHECK(bad.error() == "ConfigMap \"a\" is invalid");
}

TEST_CASE("an answer without a Status has client-go's words and the subject") {
  kube::ApiClient api(
      {{fake::reply(fake::answer(404, "404 page not found\n")), fake::reply(fake::answer(409, ""))}});
  CHECK(api.get("x").error() == "the server could not find the requested resource (get configmaps x)");
  CHECK(api.create("x").error() == "the server reported a conflict (post configmaps x)");
}

TEST_CASE("the observer sees the answer's fields") {
  kube::ApiClient api({fake::always(fake::answer(
      201, "{}",
      "Audit-Id: 1-2-3\r\nX-Kubernetes-PF-FlowSchema-UID: f\r\nX-Kubernetes-PF-PriorityLevel-UID: p\r\n"))});
  std::string flow, priority;
  const kube::AttemptObserver observer = [&](const kube::Attempt& attempt) {
    flow = attempt.exchange.response.headers.find("X-Kubernetes-PF-FlowSchema-UID").value_or("");
    priority = attempt.exchange.response.headers.find("X-Kubernetes-PF-PriorityLevel-UID").value_or("");
  };
  api.shard.run(api.client.get(api.maps, "a", observer));
  CHECK(flow == "f");
  CHECK(priority == "p");
  api.get();
  REQUIRE(api.attempts.size() == 1);
  CHECK(api.attempts[0].audit_id == "1-2-3");
  CHECK(api.attempts[0].last);
}

TEST_CASE("a broken answer is a failure with no status") {
  kube::ApiClient api({{fake::reply("HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{")}});
  const kube::Answer answer = api.create();
  CHECK_FALSE(answer.ok());
  CHECK(answer.http_status == 0);
  REQUIRE(answer.failure.has_value());
  CHECK(answer.failure->kind() == base::FailureKind::reset);
  CHECK(answer.error() == "reset: the connection ended within the body");
}

TEST_CASE("each warning of the server is logged once") {
  kube::ApiClient api(
      {fake::always(fake::answer(200, "{}",
                                 "Warning: 299 - \"v1 Endpoints is deprecated; use "
                                 "\\\"EndpointSlice\\\"\"\r\nWarning: 299 - \"another\"\r\n"))});
  const std::string log = k8scale::test::captured([&] {
    api.get();
    api.get();
  });
  const std::string first = "the server warns: v1 Endpoints is deprecated; use \"EndpointSlice\"\n";
  REQUIRE(log.find(first) != std::string::npos);
  CHECK(log.find(first) == log.rfind(first));
  CHECK(log.find("the server warns: another\n") == log.rfind("the server warns: another\n"));
  CHECK_THAT(log, Catch::Contains("the server warns: another\n"));
}

TEST_CASE("the version of a Kubernetes API server") {
  kube::ApiClient api({fake::always(fake::answer(200, R"({"gitVersion":"v1.36.0"})"))});
  CHECK(kube::server_version(api.shard, api.client) == "v1.36.0");
}

TEST_CASE("what is no Kubernetes API server, or refuses, is told in one line") {
  const auto [bytes, told] = GENERATE(table<std::string, std::string>(
      {{fake::answer(200, "<html>"),
        "/version answered 200 without a gitVersion; expected a Kubernetes API server"},
       {fake::answer(200, R"({"gitVersion":5})"), "without a gitVersion"},
       {fake::answer(404, "no\nsuch\npage"), "/version answered 404"},
       {fake::answer(500, invalid), "/version answered 500"},
       {fake::answer(401, "no"), "the server refuses the credentials (401: "},
       {fake::answer(403, R"({"kind":"Status","message":"not\nyou","reason":"Forbidden"})"),
        "(403: not you); check the user"},
       {"220 ftp.example.com\r\n\r\n", "protocol: not HTTP/1.1: "},
       {"",
        "closed: the server closed the connection before it answered; expected a Kubernetes API server"}}));
  kube::ApiClient api({{fake::reply(bytes)}});
  const std::string line = version_told(api);
  CHECK(line.starts_with(api.server.endpoint().url() + ": "));
  CHECK_THAT(line, Catch::Contains(told));
}

TEST_CASE("a server that does not answer, or without the TLS that was expected, is told with advice") {
  kube::ClientOptions options;
  options.request_timeout = 200ms;
  kube::ApiClient silent({{fake::hold()}}, {}, options);
  CHECK_THAT(
      version_told(silent),
      Catch::EndsWith("timeout: no whole answer within 200ms; check the server's URL and that it runs"));
  kube::Configuration other;
  other.ca = {net::make_authority("other", 24h).value().certificate_pem, "ca"};
  kube::ApiClient untrusted({fake::always("")}, other, {}, fake::tls_pair().server);
  CHECK_THAT(version_told(untrusted),
             Catch::Contains("not trusted") && Catch::EndsWith("; put the authority that signed the server's "
                                                               "certificate in place of ca"));
}
