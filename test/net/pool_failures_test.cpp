#include <string>

#include "catch.h"
#include "net/pool_client.h"

namespace base = k8scale::base;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;
using namespace std::chrono_literals;

TEST_CASE("a connection that ends too early is a failure that says where") {
  const bool tls = GENERATE(false, true);
  using base::FailureKind;
  const auto [bytes, kind, told] = GENERATE(table<std::string, FailureKind, std::string>(
      {{"", FailureKind::closed, "before it answered"},
       {"HTTP/1.1 200 O", FailureKind::reset, "within the head"},
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", FailureKind::reset, "within the head"},
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", FailureKind::reset, "within the body"},
       {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", FailureKind::reset, "within the body"},
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", FailureKind::reset, "within the body"},
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", FailureKind::reset,
        "within the body"},
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", FailureKind::reset,
        "within the body"},
       {"HTTP/1.1 100 Continue\r\n\r\n", FailureKind::closed, "before it answered"}}));
  fake::Pair pair({{fake::reply(bytes)}}, tls);
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == kind);
  CHECK_THAT(exchange.failure->detail(), Catch::Contains(told));
  CHECK(exchange.bytes_received == bytes.size());
  CHECK(exchange.bytes_sent > 0);
  CHECK(exchange.timing.done >= exchange.timing.sent);
  CHECK(pair.client.counters().open == 0);
}

TEST_CASE("a reset is a reset at any moment") {
  const bool tls = GENERATE(false, true);
  const std::string before =
      GENERATE(as<std::string>(), "", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe");
  fake::Pair pair({{fake::reply(before), fake::reset()}}, tls);
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::reset);
}

TEST_CASE("a reset before the request was read is a failure, too") {
  const auto wait_for_bytes = [](fake::Turn& turn) {
    turn.connection.wait_for_bytes();
    return true;
  };
  fake::Pair pair({{wait_for_bytes, fake::reset()}});
  const net::Exchange exchange = pair.client.ask("POST", std::string(1'000'000, 'x'));
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::reset);
  CHECK_FALSE(net::may_retry_on_fresh_connection(net::Request(), exchange));
}

TEST_CASE("only what broke on a reused connection before any answer may be sent again") {
  const auto [method, again] = GENERATE(table<std::string, bool>(
      {{"GET", true}, {"HEAD", true}, {"PUT", true}, {"DELETE", true}, {"POST", false}, {"PATCH", false}}));
  const bool by_reset = GENERATE(false, true);
  fake::Script script = {fake::reply(fake::answer(200, "first")), fake::read_request()};
  if (by_reset) script.push_back(fake::reset());
  fake::Pair pair({script, {fake::read_request()}});
  REQUIRE_FALSE(pair.client.get().failure.has_value());
  net::Request request;
  request.method = method;
  const net::Exchange reused = pair.client.ask(method);
  REQUIRE(reused.failure.has_value());
  CHECK(reused.reused_connection);
  CHECK(net::may_retry_on_fresh_connection(request, reused) == again);
  const net::Exchange fresh = pair.client.ask(method);
  REQUIRE(fresh.failure.has_value());
  CHECK_FALSE(fresh.reused_connection);
  CHECK_FALSE(net::may_retry_on_fresh_connection(request, fresh));
}

TEST_CASE("a reused connection that broke within its answer, or by time, is not tried again") {
  fake::Script script = {fake::reply(fake::answer(200, "first")), fake::read_request()};
  const bool by_time = GENERATE(false, true);
  script.push_back(by_time ? fake::hold() : fake::send("HTTP/1.1 2"));
  net::PoolOptions options;
  options.request_timeout = 200ms;
  fake::Pair pair({script}, false, options);
  REQUIRE_FALSE(pair.client.get().failure.has_value());
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.reused_connection);
  CHECK_FALSE(net::may_retry_on_fresh_connection(net::Request(), exchange));
}

TEST_CASE("a POST that met a dead connection is sent once, on a living one") {
  const bool tls = GENERATE(false, true);
  fake::Pair pair(
      {{fake::reply(fake::answer(200, "first")), fake::reset()}, fake::always(fake::answer(201, "made"))},
      tls);
  REQUIRE_FALSE(pair.client.get().failure.has_value());
  pair.server.wait_until_ended(1);
  net::Request request;
  request.method = "POST";
  request.body = "once";
  net::Exchange exchange = pair.client.shard().run(pair.client.pool().exchange(request));
  if (exchange.failure) {  // it rested too briefly to be asked: then nothing was sent
    REQUIRE(net::may_retry_on_fresh_connection(request, exchange));
    exchange = pair.client.shard().run(pair.client.pool().exchange(request, true));
  }
  CHECK(exchange.response.body == "made");
  CHECK(pair.server.requests().size() == 2);
}

TEST_CASE("an early answer to a large body that the server does not read is kept") {
  fake::Pair pair({{fake::send(fake::answer(413, "too large", "Connection: close\r\n")), fake::hold()}});
  net::PoolOptions options;
  const net::Exchange exchange = pair.client.ask("POST", std::string(64 * 1024, 'x'));
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.status == 413);
}

TEST_CASE("a server that takes no connection is a timeout of the connection") {
  // Each connection takes a place in a queue that nobody empties, and when it is full Linux answers no more.
  const fake::Listener deaf(0);
  net::PoolOptions options;
  options.connect_timeout = 200ms;
  fake::PoolClient client({"127.0.0.1", deaf.port(), false}, options);
  base::Result<void> filled = client.shard().run(client.pool().prewarm(20));
  REQUIRE(filled.has_error());
  CHECK(filled.error().kind() == base::FailureKind::timeout);
  CHECK(filled.error().detail() == "no connection within 200ms");
}

TEST_CASE("a server that does not speak TLS is a timeout or a failure of the handshake") {
  const bool silent = GENERATE(true, false);
  fake::Server server(
      {{silent ? fake::hold() : fake::send("HTTP/1.1 400 Bad Request\r\n\r\n"), fake::hold()}});
  net::PoolOptions options;
  options.handshake_timeout = 200ms;
  options.tls = fake::tls_pair().client;
  net::Endpoint endpoint = server.endpoint();
  endpoint.tls = true;
  fake::PoolClient client(endpoint, options);
  const net::Exchange exchange = client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == (silent ? base::FailureKind::timeout : base::FailureKind::tls));
  CHECK(exchange.failure->detail() == (silent
                                           ? "no TLS handshake within 200ms"
                                           : "the server does not speak TLS: http:// instead of https://?"));
  CHECK(exchange.nothing_sent());
}

TEST_CASE("a server that answers with a TLS alert is told to speak TLS") {
  const std::string alert("\x15\x03\x03\x00\x02\x02\x46", 7);
  fake::Pair pair({{fake::reply(alert)}});
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::protocol);
  CHECK(exchange.failure->detail() == "the server speaks TLS: https:// instead of http://?");
}

TEST_CASE("an answer that takes too long is a timeout, however much of it came") {
  const bool tls = GENERATE(false, true);
  const std::string part =
      GENERATE(as<std::string>(), "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhe",
               "HTTP/1.1 100 Continue\r\n\r\n");
  net::PoolOptions options;
  options.request_timeout = 200ms;
  fake::Pair pair({{fake::reply(part), fake::hold()}}, tls, options);
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->message() == "timeout: no whole answer within 200ms");
  CHECK(exchange.bytes_received == part.size());
  CHECK(exchange.timing.done - exchange.timing.sent >= 200ms);
}

TEST_CASE("a request that the server does not read is a timeout") {
  net::PoolOptions options;
  options.request_timeout = 200ms;
  // It reads nothing until the client has gone.
  fake::Pair pair({{[](fake::Turn& turn) {
                    turn.connection.wait_for_hang_up();
                    return false;
                  }}},
                  false, options);
  const net::Exchange exchange = pair.client.ask("POST", std::string(64'000'000, 'x'));
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::timeout);
  CHECK(exchange.bytes_sent < 64'000'000);
}
