#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "catch.h"
#include "k8scale/net/server.h"
#include "k8scale/net/wait.h"
#include "net/pool_client.h"

namespace base = k8scale::base;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;
using namespace std::chrono_literals;

namespace {

// Answers with the head of a stream, then rests until its client is gone or ten seconds are over.
class RestingServer {
 public:
  explicit RestingServer(bool tls) : gone_(shard_) {
    net::ServerOptions options;
    options.write_timeout = 100ms;
    if (tls) options.tls = fake::tls_pair().server;
    server_ =
        net::Server::listen(shard_, options,
                            [this](const net::ServerRequest& request, net::Responder& responder) {
                              return request.target == "/much" ? write_for_ever(responder) : rest(responder);
                            })
            .value();
  }
  ~RestingServer() { shard_.run(server_->stop(0ns)); }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  std::atomic<bool> rests = false, told = false, over = false;
  std::atomic<int> writes_that_took_too_long = 0;

 private:
  net::Task<void> rest(net::Responder& responder) {
    net::ResponseHead head;
    head.status = 200;
    const base::Result<void> begun = co_await responder.begin(head);
    if (begun.has_error()) co_return;
    responder.when_client_goes([this] {
      told = true;
      gone_.raise();
    });
    rests = true;
    static_cast<void>(co_await gone_.wait_until(std::chrono::steady_clock::now() + 10s));
    over = true;
  }
  net::Task<void> write_for_ever(net::Responder& responder) {
    net::ResponseHead head;
    head.status = 200;
    base::Result<void> outcome = co_await responder.begin(head);
    const std::string piece(100'000, 'x');
    while (outcome.has_value()) outcome = co_await responder.write(piece);
    if (outcome.error().kind() == base::FailureKind::timeout) ++writes_that_took_too_long;
  }

  net::Shard shard_{"server"};
  net::Signal gone_;
  std::unique_ptr<net::Server> server_;
};

template <class T>
void wait_for(const std::atomic<T>& value, T wanted) {
  for (int i = 0; i < 20'000 && value != wanted; ++i) std::this_thread::sleep_for(1ms);
  REQUIRE(value == wanted);
}

net::Task<std::unique_ptr<net::ResponseStream>> open(net::Pool& pool, std::string target) {
  net::Request request;
  request.target = std::move(target);
  base::Result<std::unique_ptr<net::ResponseStream>> opened = co_await pool.open_stream(request);
  if (opened.has_error()) co_return nullptr;
  co_return std::move(*opened);
}

net::Task<void> drop(std::unique_ptr<net::ResponseStream> stream) {
  stream.reset();
  co_return;
}

}  // namespace

TEST_CASE("a handler that rests is told when its client goes, even after the time that a write may take") {
  const bool tls = GENERATE(false, true);
  RestingServer server(tls);
  fake::PoolClient client({"127.0.0.1", server.port(), tls});
  std::unique_ptr<net::ResponseStream> stream = client.shard().run(open(client.pool(), "/"));
  REQUIRE(stream);
  wait_for(server.rests, true);
  for (const int writes : {1, 2}) {  // begun one after the other, both later than what the handler wrote
    std::unique_ptr<net::ResponseStream> unread = client.shard().run(open(client.pool(), "/much"));
    REQUIRE(unread);
    wait_for(server.writes_that_took_too_long, writes);
    client.shard().run(drop(std::move(unread)));
  }
  CHECK_FALSE(server.told);
  client.shard().run(drop(std::move(stream)));
  wait_for(server.over, true);
  CHECK(server.told);
}
