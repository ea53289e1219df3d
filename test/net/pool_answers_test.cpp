#include <string>
#include <vector>

#include "catch.h"
#include "net/pool_client.h"

namespace base = k8scale::base;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;

namespace {

constexpr const char* ok_head = "HTTP/1.1 200 OK\r\n";

// One answer, and another one on the same connection if the client sends it there.
fake::Script then_hello(const std::string& bytes) {
  return {fake::reply(bytes), fake::reply(fake::answer(200, "hello"))};
}

}  // namespace

TEST_CASE("bytes that come one at a time make the same answer") {
  const bool tls = GENERATE(false, true);
  const std::string answer = GENERATE(as<std::string>(), fake::answer(200, "hello", "X-One: 1\r\n"),
                                      "HTTP/1.1 200 OK\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
  fake::Pair pair({{fake::read_request(), fake::send_slowly(answer), fake::hold()}}, tls);
  const net::Exchange exchange = pair.client.get();
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.status == 200);
  CHECK(exchange.response.headers.find("x-one") == "1");
  CHECK(exchange.response.body == "hello");
  CHECK(exchange.bytes_received == answer.size());
}

TEST_CASE("chunk extensions are passed over, and trailers do not become fields") {
  const std::string chunks =
      "5;name=value;quoted=\"a;b\"\r\nhello\r\n0;last\r\nX-Trailer: late\r\nX-One: 2\r\n\r\n";
  fake::Pair pair(
      {then_hello(std::string(ok_head) + "X-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)});
  const net::Exchange exchange = pair.client.get();
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.body == "hello");
  CHECK_FALSE(exchange.response.headers.find("X-Trailer").has_value());
  CHECK(exchange.response.headers.all("X-One").size() == 1);
  CHECK(pair.client.get().reused_connection);
}

TEST_CASE("interim answers are passed over") {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  const bool at_once = GENERATE(true, false);
  const fake::Script apart = {fake::reply(interim), fake::send(fake::answer(200, "hello")), fake::hold()};
  fake::Pair pair({at_once ? then_hello(interim + fake::answer(200, "hello")) : apart});
  const net::Exchange exchange = pair.client.ask("POST", "body");
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.status == 200);
  CHECK(exchange.response.body == "hello");
  CHECK_FALSE(exchange.response.headers.find("Link").has_value());
}

TEST_CASE("a server that changes the protocol unasked makes no sense") {
  fake::Pair pair(
      {{fake::reply("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n"), fake::hold()}});
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::protocol);
}

TEST_CASE("answers that have no body end with their head") {
  const auto [method, head] = GENERATE(
      table<std::string, std::string>({{"GET", "HTTP/1.1 204 No Content\r\n\r\n"},
                                       {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"},
                                       {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
                                       {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
                                       {"GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}));
  fake::Pair pair({then_hello(head)});
  const net::Exchange exchange = pair.client.ask(method);
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.body.empty());
  const net::Exchange next = pair.client.get();
  CHECK(next.reused_connection);
  CHECK(next.response.body == "hello");
}

TEST_CASE("a body without a length ends with the connection") {
  const bool tls = GENERATE(false, true);
  const std::string version = GENERATE(as<std::string>(), "HTTP/1.0", "HTTP/1.1");
  fake::Pair pair({{fake::reply(version + " 200 OK\r\n\r\nhello")}}, tls);
  const net::Exchange exchange = pair.client.get();
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.body == "hello");
  CHECK_FALSE(pair.client.get().reused_connection);
}

TEST_CASE("which answers let their connection be used again") {
  const auto [head, reused] =
      GENERATE(table<std::string, bool>({{"HTTP/1.1 200 OK\r\n", true},
                                         {"HTTP/1.1 200 OK\r\nConnection: close\r\n", false},
                                         {"HTTP/1.1 200 OK\r\nConnection: Keep-Alive, CLOSE\r\n", false},
                                         {"HTTP/1.0 200 OK\r\n", false},
                                         {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", true}}));
  fake::Pair pair({then_hello(head + "Content-Length: 2\r\n\r\nhi")});
  const net::Exchange exchange = pair.client.get();
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.body == "hi");
  CHECK(pair.client.counters().idle == (reused ? 1 : 0));
}

TEST_CASE("bytes behind an answer are never taken for the next one") {
  fake::Pair pair({then_hello(fake::answer(200, "one") + fake::answer(200, "stray"))});
  CHECK(pair.client.get().response.body == "one");
  const net::Exchange next = pair.client.get();
  CHECK_FALSE(next.reused_connection);
  CHECK(next.response.body == "one");
}

TEST_CASE("a head that is too large is a failure of its own, before all of it was read") {
  const std::string field = "X-Large: " + std::string(1000, 'x') + "\r\n";
  std::string head = ok_head;
  while (head.size() < 16 * 1024 * 1024) head += field;
  fake::Pair pair({{fake::read_request(), fake::send(head), fake::hold()}});
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::limit);
  CHECK(exchange.bytes_received < 1024 * 1024);
}

TEST_CASE("a chunk's line and trailers have a limit too") {
  const std::string endless(16 * 1024 * 1024, 'x');
  const std::string part = GENERATE(as<std::string>(), "5;", "0\r\nX-Trailer: ");
  const std::string head = std::string(ok_head) + "Transfer-Encoding: chunked\r\n\r\n";
  fake::Pair pair({{fake::read_request(), fake::send(head + part + endless), fake::hold()}});
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::limit);
  CHECK(exchange.bytes_received < 4 * 1024 * 1024);
}

TEST_CASE("what is not HTTP is a protocol failure") {
  const std::string bytes = GENERATE(
      as<std::string>(), "SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na",
      std::string("\0\x01\x02\x15\r\n\r\n", 8));
  fake::Pair pair({{fake::reply(bytes), fake::hold()}});
  const net::Exchange exchange = pair.client.get();
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::protocol);
  CHECK(pair.client.counters().open == 0);
}
