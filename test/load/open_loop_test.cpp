#include "k8scale/load/open_loop.h"

#include <algorithm>
#include <map>
#include <utility>

#include "catch.h"
#include "k8scale/load/arrivals.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;
using Schedule = std::map<std::uint64_t, base::Nanoseconds>;

const LookAtCrowd never_crowded = [] { return Crowd(); };

const OpenLoopParameters many{ArrivalPlan::steady(50'000), 200, 7};

// When each number of the lane is wanted, from the start of the run.
Schedule run(Lane lane, OpenLoopParameters loop = many) {
  net::Shard shard("loop");
  net::Signal stop(shard);
  Schedule seen;
  const base::SteadyTime start = std::chrono::steady_clock::now();
  const Life life = [&](std::uint64_t number, Begin begin) -> net::Task<void> {
    CHECK(std::chrono::steady_clock::now() >= begin.scheduled);
    CHECK(begin.crowded_out == 0ns);
    CHECK(seen.emplace(number, begin.scheduled - start).second);
    co_return;
  };
  shard.run(run_open_loop(shard, loop, lane, start, life, never_crowded, stop));
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
  const Life life = [&](std::uint64_t number, Begin) -> net::Task<void> {
    if (++begun == many.count) release.raise();
    if (number == 1) co_await release.wait();
    ++ended;
  };
  shard.run(run_open_loop(shard, many, {}, std::chrono::steady_clock::now(), life, never_crowded, stop));
  CHECK(ended == many.count);
}

TEST_CASE(
    "while it is crowded arrivals wait in the schedule, and come in their order with the times they had") {
  net::Shard shard("loop");
  net::Signal stop(shard);
  std::uint64_t living = 0, most_living = 0, last = 0;
  base::Nanoseconds longest_kept_out{0};
  Schedule seen;
  const base::SteadyTime start = std::chrono::steady_clock::now();
  const Life life = [&](std::uint64_t number, Begin begin) -> net::Task<void> {
    CHECK(number > std::exchange(last, number));
    seen.emplace(number, begin.scheduled - start);
    CHECK(begin.crowded_out <= std::chrono::steady_clock::now() - begin.due);
    longest_kept_out = std::max(longest_kept_out, begin.crowded_out);
    most_living = std::max(most_living, ++living);
    co_await net::sleep_for(2ms);
    --living;
  };
  const LookAtCrowd crowded = [&] { return Crowd{living >= 10, 0ns}; };
  shard.run(run_open_loop(shard, many, {}, start, life, crowded, stop));
  CHECK(most_living == 10);
  CHECK(longest_kept_out > 20ms);  // 20 tens, of 2 ms each at least, all wanted within 4 ms
  CHECK(seen == run({}));
}

TEST_CASE("what went by while the thread was short of time is not for want of a connection") {
  net::Shard shard("loop");
  net::Signal stop(shard);
  std::uint64_t living = 0;
  base::Nanoseconds longest_kept_out{0};
  const base::SteadyTime start = std::chrono::steady_clock::now();
  const double part = GENERATE(0.5, 1.0);
  const Life life = [&](std::uint64_t, Begin begin) -> net::Task<void> {
    longest_kept_out = std::max(longest_kept_out, begin.crowded_out);
    ++living;
    co_await net::sleep_for(2ms);
    --living;
  };
  const LookAtCrowd crowded = [&] {
    const base::Nanoseconds since = std::chrono::steady_clock::now() - start;
    return Crowd{living >= 10, base::from_seconds(base::to_seconds(since) * part)};
  };
  shard.run(run_open_loop(shard, many, {}, start, life, crowded, stop));
  const base::Nanoseconds took = std::chrono::steady_clock::now() - start;
  if (part == 1.0) {
    CHECK(longest_kept_out <= 10ms);
  } else {
    CHECK(longest_kept_out > 10ms);
    CHECK(longest_kept_out <= took * 3 / 5);
  }
}

TEST_CASE("a stop ends the wait for a crowd") {
  net::Shard shard("loop");
  net::Signal stop(shard);
  const Life life = [](std::uint64_t, Begin) -> net::Task<void> { co_return; };
  bool asked = false;
  const LookAtCrowd crowded = [&] {
    if (!std::exchange(asked, true)) shard.post([&] { stop.raise(); });
    return Crowd{true, 0ns};
  };
  shard.run(run_open_loop(shard, many, {}, std::chrono::steady_clock::now(), life, crowded, stop));
  CHECK(asked);
}

TEST_CASE("nothing is begun after a stop, and what was begun is waited for") {
  net::Shard shard("loop");
  net::Signal stop(shard);
  std::uint64_t begun = 0, ended = 0, begun_at_stop = 0;
  const Life life = [&](std::uint64_t, Begin) -> net::Task<void> {
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
  shard.run(run_open_loop(shard, slow, {}, std::chrono::steady_clock::now(), life, never_crowded, stop));
  CHECK(begun_at_stop >= 3);
  CHECK(begun == begun_at_stop);
  CHECK(ended == begun);
}

TEST_CASE("a stop does not wait for the next arrival") {
  net::Shard shard("loop");
  net::Signal stop(shard);
  const Life life = [](std::uint64_t, Begin) -> net::Task<void> { co_return; };
  shard.post([&] { stop.raise(); });
  const base::SteadyTime far = std::chrono::steady_clock::now() + std::chrono::hours(1);
  shard.run(run_open_loop(shard, {ArrivalPlan::steady(1), 10, 7}, {}, far, life, never_crowded, stop));
  CHECK(std::chrono::steady_clock::now() < far);
}

}  // namespace k8scale::load
