#include "k8scale/load/open_loop.h"

#include <map>

#include "catch.h"
#include "k8scale/load/arrivals.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;
using Schedule = std::map<std::uint64_t, base::Nanoseconds>;

const OpenLoopParameters many{ArrivalPlan::steady(50'000), 200, 7};

// When each number of the lane is wanted, from the start of the run.
Schedule run(Lane lane, OpenLoopParameters loop = many) {
  net::Shard shard("loop");
  net::Signal stop(shard);
  Schedule seen;
  const base::SteadyTime start = std::chrono::steady_clock::now();
  const Life life = [&](std::uint64_t number, base::SteadyTime scheduled) -> net::Task<void> {
    CHECK(std::chrono::steady_clock::now() >= scheduled);
    CHECK(seen.emplace(number, scheduled - start).second);
    co_return;
  };
  shard.run(run_open_loop(shard, loop, lane, start, life, stop));
  return seen;
}

}  // namespace

TEST_CASE("each number begins when the schedule says, whatever the seed of others") {
  const Schedule whole = run({});
  REQUIRE(whole.size() == many.count);
  Arrivals arrivals(many.arrivals, base::Random(many.seed, "gaps"));
  for (const auto& [number, scheduled] : whole) CHECK(scheduled == arrivals.next().value());
}

TEST_CASE("all shards of all parts together are the run that one would be") {
  const Schedule whole = run({});
  for (const auto& [parts, shards] : {std::pair<std::uint64_t, std::uint64_t>{1, 3}, {3, 1}, {2, 2}}) {
    Schedule together;
    for (std::uint64_t part = 1; part <= parts; ++part) {
      for (std::uint64_t shard = 0; shard < shards; ++shard) {
        for (const auto& [number, scheduled] : run(lane_of({part, parts}, shard, shards))) {
          CHECK(together.emplace(number, scheduled).second);
        }
      }
    }
    CHECK(together == whole);
  }
}

TEST_CASE("a life that takes long delays no other") {
  net::Shard shard("loop");
  net::Signal stop(shard), release(shard);
  std::uint64_t begun = 0, ended = 0;
  const Life life = [&](std::uint64_t number, base::SteadyTime) -> net::Task<void> {
    if (++begun == many.count) release.raise();
    if (number == 1) co_await release.wait();
    ++ended;
  };
  shard.run(run_open_loop(shard, many, {}, std::chrono::steady_clock::now(), life, stop));
  CHECK(ended == many.count);
}

TEST_CASE("nothing is begun after a stop, and what was begun is waited for") {
  net::Shard shard("loop");
  net::Signal stop(shard);
  std::uint64_t begun = 0, ended = 0, begun_at_stop = 0;
  const Life life = [&](std::uint64_t, base::SteadyTime) -> net::Task<void> {
    if (++begun == 3) {
      shard.post([&] {
        begun_at_stop = begun;
        stop.raise();
      });
    }
    co_await stop.wait();
    ++ended;
  };
  const OpenLoopParameters slow{ArrivalPlan::steady(1'000), 1'000'000, 7};
  shard.run(run_open_loop(shard, slow, {}, std::chrono::steady_clock::now(), life, stop));
  CHECK(begun_at_stop >= 3);
  CHECK(begun == begun_at_stop);
  CHECK(ended == begun);
}

TEST_CASE("a stop does not wait for the next arrival") {
  net::Shard shard("loop");
  net::Signal stop(shard);
  const Life life = [](std::uint64_t, base::SteadyTime) -> net::Task<void> { co_return; };
  shard.post([&] { stop.raise(); });
  const base::SteadyTime far = std::chrono::steady_clock::now() + std::chrono::hours(1);
  shard.run(run_open_loop(shard, {ArrivalPlan::steady(1), 10, 7}, {}, far, life, stop));
  CHECK(std::chrono::steady_clock::now() < far);
}

}  // namespace k8scale::load
