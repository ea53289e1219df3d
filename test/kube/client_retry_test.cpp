#include <string>

#include "api_client.h"
#include "catch.h"
#include "k8scale/net/wait.h"
#include "temporary_folder.h"

namespace base = k8scale::base;
namespace kube = k8scale::kube;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;
using namespace std::chrono_literals;

namespace {

const std::string made = fake::answer(201, "{}");
const std::string at_once = "Retry-After: 0\r\n";

// The same number of refusals before the answer.
fake::Script refused_before(int times, const std::string& refusal) {
  fake::Script script(static_cast<std::size_t>(times), fake::reply(refusal));
  script.push_back(fake::reply(made));
  return script;
}

}  // namespace

TEST_CASE("429 and 5xx with Retry-After are sent again, and each attempt is seen") {
  const int status = GENERATE(429, 500, 503, 504, 599);
  kube::ApiClient api({refused_before(2, fake::answer(status, "busy", at_once))});
  const kube::Answer answer = api.create();
  CHECK(answer.ok());
  CHECK(answer.http_status == 201);
  REQUIRE(api.attempts.size() == 3);
  for (int i = 0; i < 3; ++i) {
    const kube::SeenAttempt& attempt = api.attempts[static_cast<std::size_t>(i)];
    CHECK(attempt.number == i + 1);
    CHECK(attempt.last == (i == 2));
    CHECK(attempt.http_status == (i == 2 ? 201 : status));
    CHECK(attempt.reason.empty() == (i == 2));
    CHECK(attempt.due <= attempt.sent);
  }
  CHECK(api.requests().size() == 3);
  CHECK(api.requests()[0] == api.requests()[2]);
}

TEST_CASE("the pause is what Retry-After asks for, and the next attempt is due at its end") {
  kube::ApiClient api({refused_before(1, fake::answer(429, "busy", "Retry-After: 1\r\n"))});
  CHECK(api.create().ok());
  REQUIRE(api.attempts.size() == 2);
  CHECK(api.attempts[1].due == api.attempts[0].done + 1s);
  CHECK(api.attempts[1].sent >= api.attempts[1].due);
}

TEST_CASE("after ten retries the refusal is the answer") {
  kube::ApiClient api(
      {fake::always(fake::answer(429, "Too many requests, please try again later.\n", at_once))});
  const kube::Answer answer = api.create("x");
  CHECK(answer.http_status == 429);
  REQUIRE(answer.status.has_value());
  CHECK(answer.status->reason == "TooManyRequests");
  CHECK(answer.error() ==
        "the server has received too many requests and has asked us to try again later (post configmaps x)");
  CHECK(api.attempts.size() == 11);
  CHECK(api.attempts.back().last);
  CHECK(api.requests().size() == 11);
}

TEST_CASE("retries can be turned off") {
  kube::ClientOptions options;
  options.retries = 0;
  kube::ApiClient api({refused_before(1, fake::answer(503, "busy", at_once))}, {}, options);
  CHECK(api.create().http_status == 503);
  CHECK(api.attempts.size() == 1);
}

TEST_CASE("what does not ask to be sent again is not") {
  const std::string refusal =
      GENERATE(fake::answer(429, "busy"), fake::answer(503, "busy"),
               fake::answer(429, "busy", "Retry-After: soon\r\n"),
               fake::answer(429, "busy", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n"),
               fake::answer(429, "busy", "Retry-After: -1\r\n"), fake::answer(409, "taken", at_once),
               fake::answer(404, "gone", at_once), fake::answer(301, "there", at_once));
  kube::ApiClient api({refused_before(1, refusal)});
  CHECK_FALSE(api.create().ok());
  CHECK(api.attempts.size() == 1);
}

TEST_CASE("a server that closes while it refuses is asked again on another connection") {
  kube::ApiClient api(
      {{fake::reply(fake::answer(429, "stopping", at_once + "Connection: close\r\n"))}, fake::always(made)});
  CHECK(api.create().ok());
  REQUIRE(api.attempts.size() == 2);
  CHECK_FALSE(api.attempts[1].reused);
}

TEST_CASE("what broke on a reused connection is sent again once, if it is idempotent") {
  const fake::Script breaks = {fake::reply(made), fake::read_request(), fake::reset()};
  kube::ApiClient api({breaks, fake::always(made)});
  CHECK(api.get().ok());
  api.attempts.clear();
  const bool idempotent = GENERATE(true, false);
  const kube::Answer answer = idempotent ? api.get() : api.create();
  CHECK(answer.ok() == idempotent);
  REQUIRE(api.attempts.size() == (idempotent ? 2 : 1));
  CHECK(api.attempts[0].failed);
  CHECK(api.attempts[0].reused);
  CHECK(api.attempts[0].last == !idempotent);
  CHECK(api.requests().size() == (idempotent ? 3 : 2));
  if (!idempotent) return;
  CHECK_FALSE(api.attempts[1].reused);
  CHECK(api.attempts[1].due == api.attempts[0].done);
}

TEST_CASE("what breaks on a fresh connection, or half-way, is not sent again") {
  const std::string part = GENERATE(as<std::string>(), "", "HTTP/1.1 200 OK\r\n");
  kube::ApiClient api({{fake::reply(part)}, fake::always(made)});
  CHECK_FALSE(api.get().ok());
  CHECK(api.attempts.size() == 1);
}

TEST_CASE("a refused token is replaced once, and the request sent again with the new one") {
  const k8scale::test::TemporaryFolder folder;
  kube::Configuration configuration;
  configuration.token_file = folder.write("token", "old");
  configuration.impersonation.user = "ann";
  kube::ApiClient api({{fake::reply(fake::answer(401, "no")), fake::reply(made), fake::reply(made)}},
                      configuration);
  folder.write("token", "new");
  CHECK(api.create().ok());
  REQUIRE(api.attempts.size() == 2);
  CHECK(api.attempts[0].http_status == 401);
  CHECK(api.attempts[0].reason == "Unauthorized");
  CHECK_FALSE(api.attempts[0].last);
  CHECK(api.attempts[1].last);
  CHECK(api.create().ok());
  const auto requests = api.requests();
  REQUIRE(requests.size() == 3);
  CHECK_THAT(requests[0], Catch::Contains("Authorization: Bearer old\r\n"));
  for (const std::string& each : {requests[1], requests[2]}) {
    CHECK_THAT(each, Catch::Contains("Authorization: Bearer new\r\n") &&
                         Catch::Contains("Impersonate-User: ann\r\n") &&
                         Catch::Contains("Content-Type: application/json\r\n") && !Catch::Contains("old"));
    CHECK(each.ends_with("\r\n\r\n{}"));
  }
}

TEST_CASE("a token that stays refused is not sent again and again") {
  const k8scale::test::TemporaryFolder folder;
  kube::Configuration configuration;
  configuration.token_file = folder.write("token", "old");
  const bool rotates = GENERATE(true, false);
  kube::ApiClient api({fake::always(fake::answer(401, "no"))}, configuration);
  if (rotates) folder.write("token", "new");
  CHECK(api.create().http_status == 401);
  CHECK(api.attempts.size() == (rotates ? 2 : 1));
  CHECK(api.attempts.back().last);
}

TEST_CASE("a certificate that is replaced gets connections of its own") {
  const k8scale::test::TemporaryFolder folder;
  const net::CertificateAndKey& authority = fake::tls_pair().authority;
  const auto write_identity = [&](const std::string& name) {
    net::CertificateRequest request;
    request.common_name = name;
    request.use = net::CertificateUse::client;
    const net::CertificateAndKey issued = net::issue_certificate(authority, request).value();
    const auto one_line = [](std::string pem) {
      for (std::size_t at = pem.find('\n'); at != std::string::npos; at = pem.find('\n', at))
        pem.replace(at, 1, "\\n");
      return pem;
    };
    folder.write("credential",
                 R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{)"
                 R"("clientCertificateData":")" +
                     one_line(issued.certificate_pem) + R"(","clientKeyData":")" + one_line(issued.key_pem) +
                     "\"}}");
  };
  kube::Configuration configuration;
  kube::ExecPlugin& plugin = configuration.exec.emplace();
  plugin.api_version = "client.authentication.k8s.io/v1";
  plugin.command = "cat";
  plugin.arguments = {(folder / "credential").string()};
  write_identity("one");
  kube::ApiClient api({{fake::reply(fake::answer(401, "no")), fake::hold()}, fake::always(made)},
                      configuration, {}, fake::tls_pair().server);
  write_identity("two");
  CHECK(api.create().ok());
  CHECK(api.server.connections() == 2);
}

TEST_CASE("at the end of a run a call that pauses ends, and nothing is tried again later") {
  kube::ApiClient api({fake::always(fake::answer(429, "busy", "Retry-After: 3600\r\n"))});
  base::FailureKind kind{};
  const auto create_and_stop = [&]() -> net::Task<int> {
    net::TaskGroup calls(api.shard);
    net::Signal observed(api.shard);
    const kube::AttemptObserver observer = [&](const kube::Attempt& attempt) {
      api.observer(attempt);
      observed.raise();
    };
    int status = 1;
    const auto create = [&]() -> net::Task<void> {
      const kube::Answer answer = co_await api.client.create(api.maps, "a", "{}", "", observer);
      status = answer.http_status;
      kind = answer.failure->kind();
    };
    calls.spawn(create());
    co_await observed.wait();
    api.client.stop_retrying();
    co_await calls.wait_until_done();
    co_return status;
  };
  CHECK(api.shard.run(create_and_stop()) == 0);
  CHECK(kind == base::FailureKind::cancelled);
  REQUIRE(api.attempts.size() == 2);
  CHECK_FALSE(api.attempts[0].last);
  CHECK(api.attempts[1].last);
  CHECK(api.create().http_status == 429);
  CHECK(api.attempts.size() == 3);
}
