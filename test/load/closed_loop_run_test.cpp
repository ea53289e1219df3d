#include <map>
#include <thread>

#include "catch.h"
#include "k8scale/load/closed_loop.h"
#include "loop_bench.h"

namespace k8scale::load {
namespace {

using measure::Verb;

net::Response done(const net::ServerRequest& request) { return reply(request.method == "POST" ? 201 : 200); }

ClosedLoop::Parameters parameters(std::uint64_t objects, std::uint64_t workers) {
  ClosedLoop::Parameters made;
  made.loop.objects = objects;
  made.loop.workers = workers;
  made.loop.population = 4;
  made.loop.rate = 0;
  return made;
}

}  // namespace

TEST_CASE("workers take all objects through all phases") {
  LoopBench bench(done);
  ClosedLoop loop(bench.context(), parameters(9, 2));
  for (const Verb verb : {Verb::create, Verb::update, Verb::remove}) CHECK(bench.of(verb).asked == 9);
  bench.run(loop);
  for (const Verb verb : {Verb::create, Verb::update, Verb::remove}) CHECK(bench.of(verb).ok() == 9);
  CHECK(bench.totals().population == 0);
}

TEST_CASE("one worker does one operation at a time, in the order of its phases") {
  LoopBench bench(done);
  ClosedLoop::Parameters one = parameters(2, 1);
  one.loop.population = 1;
  ClosedLoop loop(bench.context(), one);
  bench.run(loop);
  const std::string create = "POST " + maps + "?fieldManager=a%20driver";
  const std::string update = "?fieldManager=a%20driver";
  CHECK(bench.api.requests() ==
        std::vector<std::string>{create, "PATCH " + maps + "/r-1" + update, "DELETE " + maps + "/r-1", create,
                                 "PATCH " + maps + "/r-2" + update, "DELETE " + maps + "/r-2"});
}

TEST_CASE("operations of a paced worker are not begun before they are due") {
  LoopBench bench(done);
  ClosedLoop::Parameters paced = parameters(4, 2);
  paced.loop.rate = 200;
  ClosedLoop loop(bench.context(), paced);
  const auto start = std::chrono::steady_clock::now();
  bench.run(loop);
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(60));  // 12 operations
  CHECK(bench.of(Verb::create).scheduled.first - start >= std::chrono::milliseconds(5));
}

TEST_CASE("a worker that waits for its answers is late, which is response time and no lag of this program") {
  LoopBench bench([](const net::ServerRequest& request) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return done(request);
  });
  ClosedLoop::Parameters fast = parameters(5, 1);
  fast.loop.rate = 1000;
  ClosedLoop loop(bench.context(), fast);
  bench.run(loop);
  const measure::VerbTotals& removes = bench.of(Verb::remove);
  CHECK(removes.response_time.max() >=
        std::chrono::milliseconds(200));  // 15 steps of 20 ms, due within 15 ms
  CHECK(removes.send_lag.quantile(0.5) < removes.response_time.max() / 4);  // unless that were lag
}

TEST_CASE("an object that could not be created is updated and deleted all the same, and counts as absent") {
  LoopBench bench(
      [](const net::ServerRequest& request) { return reply(request.method == "POST" ? 403 : 404); });
  ClosedLoop loop(bench.context(), parameters(3, 1));
  bench.run(loop);
  CHECK(bench.of(Verb::create).failed() == 3);
  CHECK(bench.of(Verb::update).failed() == 3);
  CHECK(bench.of(Verb::remove).failed() == 3);
  CHECK(bench.totals().population == 0);
}

TEST_CASE("after a stop what exists is deleted, unless it shall stay") {
  const bool deletes = GENERATE(true, false);
  LoopBench* at = nullptr;
  int created = 0;
  LoopBench bench([&](const net::ServerRequest& request) {
    if (request.method == "POST" && ++created == 5) at->api.shard.post([&] { at->stop.raise(); });
    return done(request);
  });
  at = &bench;
  ClosedLoop::Parameters slow = parameters(100, 1);
  slow.loop.population = 50;
  slow.loop.rate = 500;
  slow.loop.deletes = deletes;
  ClosedLoop loop(bench.context(), slow);
  bench.run(loop);
  CHECK(bench.of(Verb::remove).started == 0);
  bench.clean_up();
  CHECK(bench.of(Verb::create).ok() >= 5);
  CHECK(bench.of(Verb::create).ok() < 100);
  CHECK((bench.totals().population == 0) == deletes);
  CHECK(bench.of(Verb::remove).ok() == (deletes ? bench.of(Verb::create).ok() : 0));
}

TEST_CASE("the lanes of several shards have each worker once") {
  std::uint64_t asked = 0;
  for (std::uint64_t shard = 0; shard < 3; ++shard) {
    LoopBench bench(done, lane_of({}, shard, 3));
    const ClosedLoop loop(bench.context(), parameters(50, 7));
    asked += bench.of(Verb::create).asked;
  }
  CHECK(asked == 50);
}

TEST_CASE("answers are shown to whoever asks") {
  LoopBench bench(done);
  std::map<std::uint64_t, int> seen;
  ClosedLoop::Parameters watched = parameters(3, 1);
  watched.observe = [&](const Step& step, const kube::Answer& answer) {
    seen[step.phase] += answer.ok() ? 1 : 0;
  };
  ClosedLoop loop(bench.context(), watched);
  bench.run(loop);
  CHECK(seen == std::map<std::uint64_t, int>{{0, 3}, {1, 3}, {2, 3}});
}

}  // namespace k8scale::load
