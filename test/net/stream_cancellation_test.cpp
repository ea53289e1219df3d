#include <atomic>
#include <future>
#include <thread>

#include "catch.h"
#include "k8scale/net/pool.h"
#include "k8scale/net/server.h"
#include "k8scale/net/wait.h"

namespace net = k8scale::net;
namespace base = k8scale::base;
using namespace std::chrono_literals;

namespace {

// Answers "/whole" and says nothing to "/silence"; sends one chunk of anything else, and nothing more until
// it stops.
net::Task<void> answer_and_hold(const net::ServerRequest& request, net::Responder& responder) {
  if (request.target == "/whole") {
    net::Response response;
    response.status = 200;
    const base::Result<void> sent = co_await responder.send(std::move(response));
    static_cast<void>(sent);
    co_return;
  }
  const bool silent = request.target == "/silence";
  if (!silent) {
    net::ResponseHead head;
    head.status = 200;
    const base::Result<void> begun = co_await responder.begin(head);
    if (begun.has_error()) co_return;
    const base::Result<void> written = co_await responder.write("hello");
    if (written.has_error()) co_return;
  }
  while (!responder.stopping()) co_await net::sleep_for(1ms);
  responder.reset();
}

// On the shard that it belongs to.
net::Task<void> drop_stream(std::unique_ptr<net::ResponseStream> stream) {
  stream.reset();
  co_return;
}

struct Fixture {
  Fixture() {
    server = net::Server::listen(server_shard, {}, [this](const auto& request, auto& responder) {
               ++requests;
               return answer_and_hold(request, responder);
             }).value();
    net::PoolOptions options;
    options.server = {"127.0.0.1", server->port(), false};
    options.most_connections = 1;
    pool.emplace(client_shard, options);
  }
  ~Fixture() { server_shard.run(server->stop(0ns)); }

  // Reads a stream until it fails.
  net::Task<void> read(std::string target) {
    net::Request request;
    request.target = std::move(target);
    auto opened = co_await pool->open_stream(request, false, &cancellation);
    if (opened.has_error()) {
      ended.set_value(opened.error());
      co_return;
    }
    for (;;) {
      const auto bytes = co_await (*opened)->read_some(0ns);
      if (bytes.has_error()) {
        ended.set_value(bytes.error());
        co_return;
      }
      received += bytes->size();
    }
  }
  // Has the only connection for a while, and cancels the stream that has just been given it and does not
  // know.
  net::Task<void> hand_on_and_cancel() {
    net::Request request;
    request.target = "/whole";
    const net::Exchange exchange = co_await pool->exchange(request);
    handed_on = !exchange.failure;
    cancellation.cancel();
  }
  void check_cancelled() {
    client_shard.post([this] { cancellation.cancel(); });
    check_ended();
  }
  void check_ended() {
    auto failure = ended.get_future();
    REQUIRE(failure.wait_for(20s) == std::future_status::ready);
    CHECK(failure.get().kind() == base::FailureKind::cancelled);
  }
  static void wait_for(const std::atomic<std::size_t>& value, std::size_t least) {
    for (int i = 0; i < 20'000 && value < least; ++i) std::this_thread::sleep_for(1ms);
    REQUIRE(value >= least);
  }

  net::Shard server_shard{"server"};
  net::Shard client_shard{"client"};
  std::unique_ptr<net::Server> server;
  std::atomic<std::size_t> requests = 0;
  std::atomic<std::size_t> received = 0;
  std::atomic<bool> handed_on = false;
  std::promise<base::Failure> ended;
  std::optional<net::Pool> pool;
  net::Cancellation cancellation;
  net::StopFirst stop_first{client_shard};
};

}  // namespace

TEST_CASE("a stream that waits for bytes ends when it is cancelled") {
  Fixture fixture;
  fixture.client_shard.spawn(fixture.read("/hello"));
  Fixture::wait_for(fixture.received, 5);
  fixture.check_cancelled();
}

TEST_CASE("a stream that waits for its head ends when it is cancelled") {
  Fixture fixture;
  fixture.client_shard.spawn(fixture.read("/silence"));
  Fixture::wait_for(fixture.requests, 1);
  fixture.check_cancelled();
}

TEST_CASE("a stream that waits for a connection ends when it is cancelled") {
  Fixture fixture;
  net::Request other;
  auto busy = fixture.client_shard.run(fixture.pool->open_stream(other)).value();
  fixture.client_shard.spawn(fixture.read("/hello"));
  fixture.check_cancelled();
  CHECK(fixture.requests == 1);
  fixture.client_shard.run(drop_stream(std::move(busy)));
}

TEST_CASE("a stream that is cancelled as it is given a connection is not opened") {
  Fixture fixture;
  fixture.client_shard.spawn(fixture.hand_on_and_cancel());
  fixture.client_shard.spawn(fixture.read("/hello"));
  fixture.check_ended();
  CHECK(fixture.handed_on);
  CHECK(fixture.requests == 1);
}

TEST_CASE("a stream is not opened after it was cancelled") {
  Fixture fixture;
  fixture.cancellation.cancel();
  fixture.client_shard.spawn(fixture.read("/hello"));
  fixture.check_cancelled();
  CHECK(fixture.requests == 0);
}
