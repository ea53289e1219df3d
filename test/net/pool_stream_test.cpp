#include <future>
#include <string>
#include <utility>

#include "catch.h"
#include "net/pool_client.h"

namespace base = k8scale::base;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;
using namespace std::chrono_literals;

namespace {

const std::string chunked = "HTTP/1.1 200 OK\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n";

// What came of a streamed answer.
struct Streamed {
  int status = 0;
  std::string one;
  std::string body;
  std::optional<base::Failure> failure;
};

net::Task<Streamed> read_stream(net::Pool& pool, base::Nanoseconds idle) {
  Streamed streamed;
  const net::Request request;
  base::Result<std::unique_ptr<net::ResponseStream>> opened = co_await pool.open_stream(request);
  if (opened.has_error()) {
    streamed.failure = opened.error();
    co_return streamed;
  }
  net::ResponseStream& stream = **opened;
  streamed.status = stream.head().status;
  for (;;) {
    const base::Result<std::string_view> piece = co_await stream.read_some(idle);
    if (piece.has_error()) streamed.failure = piece.error();
    if (piece.has_error() || piece->empty()) break;
    streamed.body += *piece;
  }
  streamed.one = stream.head().headers.find("X-One").value_or("");
  co_return streamed;
}

Streamed read_all(fake::PoolClient& client, base::Nanoseconds idle = 10s) {
  return client.shard().run(read_stream(client.pool(), idle));
}

// The first piece of the body that comes while `many` bytes are waited for.
net::Task<std::string> read_many(net::Shard& shard, net::Pool& pool, std::size_t many,
                                 std::promise<void>& waits) {
  const net::Request request;
  const base::Result<std::unique_ptr<net::ResponseStream>> opened = co_await pool.open_stream(request);
  net::ResponseStream& stream = **opened;
  const base::Result<std::string_view> first = co_await stream.read_some(10s);
  std::string read = std::string(*first) + "|";
  stream.wake_at(many);
  shard.post([&waits] { waits.set_value(); });
  const base::Result<std::string_view> second = co_await stream.read_some(10s);
  read += *second;
  co_return read;
}

// Where a script rests until the test has done something else with the same shard.
class Pause {
 public:
  [[nodiscard]] fake::Step step() {
    return [this](fake::Turn&) {
      reached_.set_value();
      is_over_.wait();
      return true;
    };
  }
  // Another request, while the script rests there.
  net::Exchange ask_meanwhile(fake::PoolClient& client) {
    static_cast<void>(reached_.get_future().wait_for(20s));
    // The script goes on when this goes, also when the request throws: else its server never ends.
    const std::promise<void> over = std::move(over_);
    return client.get();
  }

 private:
  std::promise<void> reached_, over_;
  std::future<void> is_over_ = over_.get_future();
};

net::Task<bool> open_and_drop(net::Pool& pool) {
  const net::Request request;
  const base::Result<std::unique_ptr<net::ResponseStream>> opened = co_await pool.open_stream(request);
  co_return opened.has_value();
}

}  // namespace

TEST_CASE("a stream is the same in whatever pieces it comes") {
  const bool tls = GENERATE(false, true);
  const std::string bytes = chunked + "2\r\nhe\r\n1;x=y\r\nl\r\n2\r\nlo\r\n0\r\nX-One: 2\r\n\r\n";
  const bool slowly = GENERATE(false, true);
  fake::Pair pair({{fake::read_request(), slowly ? fake::send_slowly(bytes) : fake::send(bytes),
                    fake::reply(fake::answer(200, "next"))}},
                  tls);
  const Streamed streamed = read_all(pair.client);
  REQUIRE_FALSE(streamed.failure.has_value());
  CHECK(streamed.status == 200);
  CHECK(streamed.body == "hello");
  CHECK(streamed.one == "1");
  const net::Exchange next = pair.client.get();
  CHECK(next.reused_connection);
  CHECK(next.response.body == "next");
}

TEST_CASE("a stream that says nothing for too long is given up, with what came before") {
  const bool tls = GENERATE(false, true);
  fake::Pair pair({{fake::reply(chunked + "5\r\nhello\r\n"), fake::hold()}}, tls);
  const Streamed streamed = read_all(pair.client, 200ms);
  CHECK(streamed.body == "hello");
  REQUIRE(streamed.failure.has_value());
  CHECK(streamed.failure->message() == "timeout: no byte of the answer within 200ms");
  CHECK(pair.client.counters().open == 0);
}

TEST_CASE("a stream may go on for longer than a request may take") {
  net::PoolOptions options;
  options.request_timeout = 500ms;
  Pause pause;
  fake::Pair pair({{fake::reply(chunked + "5\r\nhello\r\n"), pause.step(), fake::send("1\r\n!\r\n0\r\n\r\n")},
                   {fake::read_request(), fake::hold()}},
                  false, options);
  auto reading = std::async(std::launch::async, [&] { return read_all(pair.client); });
  const net::Exchange later = pause.ask_meanwhile(pair.client);
  const Streamed streamed = reading.get();
  REQUIRE(later.failure.has_value());
  CHECK(later.failure->kind() == base::FailureKind::timeout);
  REQUIRE_FALSE(streamed.failure.has_value());
  CHECK(streamed.body == "hello!");
}

TEST_CASE("a stream that waits for many bytes does not wake for few, and wakes at its end") {
  const bool ends = GENERATE(false, true);
  std::promise<void> waits;
  const auto wait = [&waits](fake::Turn&) {
    waits.get_future().wait();
    return true;
  };
  Pause pause;
  std::string rest;
  for (int i = 0; i < 400; ++i) rest += "1\r\nx\r\n";
  if (ends) rest = "0\r\n\r\n";
  fake::Script script = {fake::reply(chunked + "1\r\n.\r\n"), wait, fake::send("1\r\nx\r\n"), pause.step(),
                         fake::send(rest)};
  if (!ends) script.push_back(fake::hold());
  fake::Pair pair({script, {fake::reply(fake::answer(200, "another"))}});
  net::Shard& shard = pair.client.shard();
  auto reading = std::async(std::launch::async,
                            [&] { return shard.run(read_many(shard, pair.client.pool(), 1000, waits)); });
  // What was sent before is there when this is answered.
  CHECK_FALSE(pause.ask_meanwhile(pair.client).failure.has_value());
  const std::string read = reading.get();
  if (ends) {
    CHECK(read == ".|x");
  } else {
    CHECK(read.size() > 100);
  }
}

TEST_CASE("a stream without a head in time is a timeout") {
  net::PoolOptions options;
  options.request_timeout = 200ms;
  fake::Pair pair({{fake::read_request(), fake::hold()}}, false, options);
  const Streamed streamed = read_all(pair.client);
  REQUIRE(streamed.failure.has_value());
  CHECK(streamed.failure->message() == "timeout: no answer within 200ms");
}

TEST_CASE("a stream that breaks gives what came, then the failure") {
  const bool by_reset = GENERATE(false, true);
  fake::Script script = {fake::reply(chunked + "5\r\nhello\r\n4\r\nha")};
  if (by_reset) {
    script.push_back([](fake::Turn& turn) {
      turn.connection.wait_until_taken();
      turn.connection.reset();
      return false;
    });
  }
  fake::Pair pair({script});
  const Streamed streamed = read_all(pair.client);
  REQUIRE(streamed.failure.has_value());
  CHECK(streamed.failure->kind() == base::FailureKind::reset);
  CHECK(streamed.body == "helloha");
}

TEST_CASE("a stream that is garbage half-way is a protocol failure") {
  fake::Pair pair({{fake::reply(chunked + "5\r\nhello\r\nnonsense\r\n"), fake::hold()}});
  const Streamed streamed = read_all(pair.client);
  REQUIRE(streamed.failure.has_value());
  CHECK(streamed.failure->kind() == base::FailureKind::protocol);
}

TEST_CASE("a stream that is dropped before its end closes its connection") {
  fake::Pair pair(
      {{fake::reply(chunked + "5\r\nhello\r\n"), fake::hold()}, fake::always(fake::answer(200, "next"))});
  REQUIRE(pair.client.shard().run(open_and_drop(pair.client.pool())));
  pair.server.wait_until_ended(1);
  CHECK(pair.client.counters().open == 0);
  CHECK(pair.client.get().response.body == "next");
}
