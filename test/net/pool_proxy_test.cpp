#include <string>

#include "catch.h"
#include "net/pool_client.h"

namespace base = k8scale::base;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;
using namespace std::chrono_literals;

namespace {

// For a client behind a proxy.
net::PoolOptions through(const fake::Server& proxy) {
  net::PoolOptions options;
  options.proxy = net::Proxy{proxy.endpoint(), "Basic secret"};
  options.tls = fake::tls_pair().client;
  return options;
}
const net::Endpoint secure = {"127.0.0.1", 6443, true};
const net::Endpoint plain = {"k.example.com", 8080, false};

base::Failure failure_through(fake::Script script) {
  const fake::Server proxy({std::move(script)});
  net::PoolOptions options = through(proxy);
  options.connect_timeout = 500ms;
  fake::PoolClient client(secure, options);
  const net::Exchange exchange = client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.nothing_sent());
  CHECK_THAT(exchange.failure->detail(), Catch::StartsWith("proxy " + proxy.endpoint().authority()));
  CHECK_THAT(exchange.failure->detail(), !Catch::Contains("secret"));
  return *exchange.failure;
}

}  // namespace

TEST_CASE("an https server is reached through a tunnel, and does not see the proxy's password") {
  const fake::Server proxy(
      {{fake::reply("HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n"),
        fake::begin_tls(fake::tls_pair().server), fake::reply(fake::answer(200, "hello")),
        fake::reply(fake::answer(200, "again"))}});
  fake::PoolClient client(secure, through(proxy));
  const net::Exchange exchange = client.get();
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.body == "hello");
  CHECK_FALSE(exchange.response.headers.find("X-Proxy").has_value());
  const net::Exchange again = client.get();
  CHECK(again.reused_connection);
  CHECK(again.response.body == "again");
  const auto requests = proxy.requests();
  REQUIRE(requests.size() == 3);
  CHECK(
      requests[0] ==
      "CONNECT 127.0.0.1:6443 HTTP/1.1\r\nHost: 127.0.0.1:6443\r\nProxy-Authorization: Basic secret\r\n\r\n");
  CHECK(requests[1] == "GET / HTTP/1.1\r\nHost: 127.0.0.1:6443\r\n\r\n");
}

TEST_CASE("the host of a tunnel to an IPv6 address is in brackets") {
  const fake::Server proxy({{fake::reply("HTTP/1.1 403 Forbidden\r\n\r\n")}});
  fake::PoolClient client({"fd00::1", 443, true}, through(proxy));
  CHECK(client.get().failure.has_value());
  CHECK_THAT(proxy.requests().front(),
             Catch::StartsWith("CONNECT [fd00::1]:443 HTTP/1.1\r\nHost: [fd00::1]:443\r\n"));
}

TEST_CASE("an http server is asked for by its whole URL") {
  const fake::Server proxy({fake::always(fake::answer(200, "hello"))});
  fake::PoolClient client(plain, through(proxy));
  CHECK(client.get().response.body == "hello");
  CHECK(proxy.requests().front() ==
        "GET http://k.example.com:8080/ HTTP/1.1\r\nHost: k.example.com:8080\r\nProxy-Authorization: Basic "
        "secret\r\n\r\n");
}

TEST_CASE("a proxy that refuses is told with its answer") {
  const base::Failure failure =
      failure_through({fake::reply(fake::answer(407, "who are you?", "Proxy-Authenticate: Basic\r\n"))});
  CHECK(failure.kind() == base::FailureKind::connect);
  CHECK_THAT(failure.detail(), Catch::EndsWith("refused the connection: 407 Proxy Authentication Required"));
}

TEST_CASE("a proxy that fails is told as the proxy's failure") {
  CHECK(failure_through({fake::read_request()}).kind() == base::FailureKind::closed);
  CHECK(failure_through({fake::read_request(), fake::reset()}).kind() == base::FailureKind::reset);
  CHECK(failure_through({fake::reply("nonsense\r\n\r\n")}).kind() == base::FailureKind::protocol);
  CHECK(failure_through({fake::reply("HTTP/1.1 200 OK\r\n\r\nunasked"), fake::hold()}).kind() ==
        base::FailureKind::protocol);
  CHECK(failure_through({fake::reply("HTTP/1.1 200 OK\r\n"), fake::hold()}).kind() ==
        base::FailureKind::timeout);
}
