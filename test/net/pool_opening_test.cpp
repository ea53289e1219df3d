#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "catch.h"
#include "k8scale/net/wait.h"
#include "net/pool_client.h"
#include "net/thread_load.h"

namespace base = k8scale::base;
namespace net = k8scale::net;
namespace fake = k8scale::net::fake;
using namespace std::chrono_literals;

namespace {

base::Nanoseconds always_at_work() { return std::chrono::steady_clock::now().time_since_epoch(); }
base::Nanoseconds always_idle() { return 0ns; }

// Its first connections answer from when they may on; the others never finish their handshake.
std::vector<fake::Script> first_connections_only(std::size_t count,
                                                 const std::shared_future<void>& may_answer) {
  const fake::Step waits = [may_answer](fake::Turn&) {
    may_answer.wait();
    return true;
  };
  const std::string answer = fake::answer(200, "hello");
  fake::Script script{fake::begin_tls(fake::tls_pair().server), fake::read_request(), waits,
                      fake::send(answer)};
  script.push_back(fake::always(answer).front());
  std::vector<fake::Script> scripts(count, script);
  scripts.push_back({fake::hold()});
  return scripts;
}

// What became of the requests. Belongs to the shard.
struct Ended {
  std::size_t exchanges = 0;
  std::size_t short_of_time = 0;
};

net::Task<void> exchange(net::Pool& pool, Ended& ended) {
  const net::Request request;
  const net::Exchange exchange = co_await pool.exchange(request);
  if (exchange.failure) co_return;
  ++ended.exchanges;
  if (exchange.short_of_time > 0ns) ++ended.short_of_time;
  CHECK(exchange.short_of_time <=
        std::max<base::Nanoseconds>(exchange.timing.sent - exchange.timing.started, 0ns));
}

net::Task<void> open_stream(net::Pool& pool, Ended& /*unused*/) {
  const net::Request request;
  static_cast<void>(co_await pool.open_stream(request));
}

struct OpeningPair {
  OpeningPair(std::size_t in_use, base::Nanoseconds (*thread_cpu_time)())
      : server(first_connections_only(in_use, may_answer.get_future().share())) {
    net::PoolOptions options;
    options.thread_cpu_time = thread_cpu_time;
    net::Endpoint endpoint = server.endpoint();
    endpoint.tls = true;
    client = std::make_unique<fake::PoolClient>(endpoint, std::move(options));
  }
  ~OpeningPair() { let_answer(); }
  void let_answer() {
    if (!std::exchange(answers, true)) may_answer.set_value();
  }
  // One after the other, so that each finds its script.
  void use(std::size_t count, net::Task<void> (*request)(net::Pool&, Ended&)) {
    for (std::size_t i = 1; i <= count; ++i) {
      client->shard().spawn(request(client->pool(), ended));
      const auto deadline = std::chrono::steady_clock::now() + 20s;
      while (server.requests().size() < i && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(1ms);
      }
      REQUIRE(server.requests().size() == i);
    }
  }
  std::size_t opened_for_20_more() {
    const std::size_t before = client->counters().open;
    for (int i = 0; i < 20; ++i) client->shard().spawn(exchange(client->pool(), ended));
    const net::PoolCounters counters = client->counters();
    CHECK(counters.waiting == 20);
    return counters.open - before;
  }

  // Waits until so many exchanges have ended well.
  Ended after(std::size_t count) { return client->shard().run(wait_for(ended, count)); }
  static net::Task<Ended> wait_for(const Ended& ended, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (ended.exchanges < count && std::chrono::steady_clock::now() < deadline) {
      co_await net::sleep_for(1ms);
    }
    co_return ended;
  }

  std::promise<void> may_answer;
  bool answers = false;
  Ended ended;
  fake::Server server;
  std::unique_ptr<fake::PoolClient> client;
};

}  // namespace

TEST_CASE("a burst opens 8 connections at a time") {
  OpeningPair pair(16, always_idle);
  pair.use(16, exchange);
  CHECK(pair.opened_for_20_more() == 8);
  pair.let_answer();
  CHECK(pair.after(36).short_of_time == 0);
}

TEST_CASE("a thread that has no time left opens one connection at a time while 16 will come back") {
  SECTION("16 exchanges") {
    OpeningPair pair(16, always_at_work);
    pair.use(16, exchange);
    CHECK(pair.opened_for_20_more() == 1);
    pair.let_answer();
    CHECK(pair.after(36).short_of_time == 20);
    CHECK(pair.client->counters().open == 16 + 1);
  }
  SECTION("15 exchanges") {
    OpeningPair pair(15, always_at_work);
    pair.use(15, exchange);
    CHECK(pair.opened_for_20_more() == 8);
  }
  SECTION("16 streams, which do not come back") {
    OpeningPair pair(16, always_at_work);
    pair.use(16, open_stream);
    CHECK(pair.opened_for_20_more() == 8);
  }
}

TEST_CASE("a thread that rests while requests wait is not short of time") {
  static std::atomic<std::int64_t> rests_since;  // ns on the steady clock; 0: it is always at work
  rests_since = 0;
  const auto at_work_until_then = [] {
    return rests_since == 0 ? always_at_work() : base::Nanoseconds(rests_since);
  };
  OpeningPair pair(16, at_work_until_then);
  pair.use(16, exchange);
  CHECK(pair.opened_for_20_more() == 1);
  rests_since = always_at_work().count();
  const base::Nanoseconds before = pair.client->counters().short_of_time;
  std::this_thread::sleep_for(100ms);
  CHECK(pair.client->counters().short_of_time - before < 50ms);
  CHECK(pair.client->counters().waiting == 20);
}

TEST_CASE("a thread's load is that of the latest interval of 10 ms or more") {
  base::Nanoseconds used = 0s;
  net::ThreadLoad load([&used] { return used; });
  const base::SteadyTime begin = std::chrono::steady_clock::now();
  static_cast<void>(load.part_used(begin));
  used += 6ms;
  const double unchanged = load.part_used(begin + 9ms);
  CHECK(load.part_used(begin + 10ms) == Approx(0.6));
  CHECK(unchanged < 0.1);
  used += 30ms;
  CHECK(load.part_used(begin + 19ms) == Approx(0.6));
  CHECK(load.part_used(begin + 110ms) == Approx(0.3));
  used += 500ms;
  CHECK(load.part_used(begin + 210ms) == 1);
}
