#include "k8scale/load/run.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "catch.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;

// A shard whose work ends when it is stopped, or by itself when it is told to.
struct Worker {
  base::StopSignals& signals;
  net::Shard shard{"worker"};
  measure::Recorder recorder;
  net::Signal done{shard};
  std::atomic<int> stopped = 0;
  base::SteadyTime started;

  explicit Worker(base::StopSignals& each) : signals(each) {}

  // `begun` is called on the shard when the work begins.
  ShardWork work(std::function<void(Worker&)> begun, bool stops = true) {
    return {shard, recorder,
            [this, begun = std::move(begun)](base::SteadyTime start) { return run(start, begun); },
            [this, stops] {
              ++stopped;
              if (stops) done.raise();
            }};
  }
  net::Task<void> run(base::SteadyTime start, const std::function<void(Worker&)>& begun) {
    started = start;
    recorder.asked(measure::Verb::create, 10);
    begun(*this);
    co_await done.wait();
  }
};

RunOptions quiet() {
  RunOptions options;
  options.progress = measure::ProgressStyle::none;
  return options;
}

void finish_at_once(Worker& worker) { worker.done.raise(); }

// Sends the calling thread a signal; what is posted to a shard goes to the thread that waits for signals.
std::function<void(Worker&)> interrupt(int signal) {
  return [signal, waiter = ::pthread_self()](Worker&) { ::pthread_kill(waiter, signal); };
}

}  // namespace

TEST_CASE("a run ends when all of its shards have") {
  base::StopSignals signals;
  Worker one(signals), two(signals);
  std::vector<ShardWork> work;
  work.push_back(one.work(finish_at_once));
  work.push_back(two.work(finish_at_once));
  std::size_t published = 0;
  RunOptions options = quiet();
  options.publish = [&](const measure::Snapshot& totals, const measure::Pace& pace) {
    ++published;
    CHECK(totals.asked() == pace.asked);
  };
  const RunResult result = run_shards(work, options, signals);
  CHECK(result.totals.asked() == 20);
  CHECK_FALSE(result.signal.has_value());
  CHECK_FALSE(result.gave_up);
  CHECK(exit_code_of(result) == 0);
  CHECK(one.started == two.started);
  CHECK(one.started == result.start);
  CHECK(one.stopped == 0);
  CHECK(published > 0);
  CHECK(result.duration >= 0ns);
  CHECK((result.ended >= result.started));
  CHECK(result.shard_cpu.count() > 0);
}

TEST_CASE("the achieved rate stays what it was when the schedule has ended") {
  base::StopSignals signals;
  Worker worker(signals);
  std::vector<ShardWork> work;
  work.push_back(worker.work([](Worker& each) {
    each.shard.post([&each] {
      for (int i = 0; i < 10; ++i) {
        measure::Operation create;
        create.verb = measure::Verb::create;
        create.scheduled = each.started;
        create.sent = create.done = each.started + 1s;
        each.recorder.record(create);
      }
      each.done.raise();
    });
  }));
  RunOptions options = quiet();
  options.paced = measure::Verb::create;
  double achieved = 0;
  options.publish = [&](const measure::Snapshot&, const measure::Pace& pace) {
    achieved = pace.achieved_rate;
  };
  static_cast<void>(run_shards(work, options, signals));
  CHECK(achieved == Approx(10));  // 10 within 1 s, however long ago that is
}

TEST_CASE("what a shard cleans up in the end, and what watches, is no part of the time that it drove") {
  base::StopSignals signals;
  Worker driver(signals), watcher(signals);
  std::vector<ShardWork> work;
  work.push_back(driver.work(finish_at_once));
  const auto clean_up = [&driver]() -> net::Task<void> {
    driver.recorder.record({});
    co_await net::sleep_until(std::max(driver.started, std::chrono::steady_clock::now()) + 60ms);
  };
  work.back().clean_up = clean_up;
  work.push_back(watcher.work([](Worker& each) { each.shard.post([&each] { each.done.raise(); }); }));
  work.back().role = ShardRole::watches;
  const RunResult result = run_shards(work, quiet(), signals);
  CHECK(result.driven >= 0ns);
  CHECK(result.driven + 60ms <= result.duration);
  CHECK(result.driven_operations == 0);
  CHECK(result.driven_totals.done() == 0);
  CHECK(result.totals.done() == 1);
}

TEST_CASE("the first signal stops every shard's work, which then ends by itself") {
  const auto [signal, code] = GENERATE(std::pair{SIGINT, 130}, std::pair{SIGTERM, 143});
  base::StopSignals signals;
  Worker one(signals), two(signals);
  std::vector<ShardWork> work;
  work.push_back(one.work(interrupt(signal)));
  work.push_back(two.work([](Worker&) {}));
  const RunResult result = run_shards(work, quiet(), signals);
  CHECK(result.signal == signal);
  CHECK(exit_code_of(result) == code);
  CHECK_FALSE(result.gave_up);
  CHECK(one.stopped == 1);
  CHECK(two.stopped == 1);
}

TEST_CASE("a signal that came before the run counts, though the work ends at once") {
  for (int i = 0; i < 50; ++i) {
    base::StopSignals signals;
    Worker worker(signals);
    std::vector<ShardWork> work;
    work.push_back(worker.work(finish_at_once));
    signals.put_back(SIGTERM);
    REQUIRE(exit_code_of(run_shards(work, quiet(), signals)) == 143);
  }
}

TEST_CASE("work that does not end after a signal is given up when the grace is over") {
  base::StopSignals signals;
  Worker stuck(signals);
  std::vector<ShardWork> work;
  work.push_back(stuck.work(interrupt(SIGTERM), false));
  RunOptions options = quiet();
  options.grace = 30ms;
  const RunResult result = run_shards(work, options, signals);
  CHECK(result.gave_up);
  CHECK(result.signal == SIGTERM);
  CHECK(result.totals.asked() == 10);
}

TEST_CASE("a second signal ends the process at once, after what must not be lost") {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    base::StopSignals signals;
    Worker stuck(signals);
    std::vector<ShardWork> work;
    ShardWork never = stuck.work(interrupt(SIGINT), false);
    never.stop = [waiter = ::pthread_self()] { ::pthread_kill(waiter, SIGTERM); };
    work.push_back(std::move(never));
    RunOptions options = quiet();
    options.before_exit = [&] { static_cast<void>(::write(pipe[1], "x", 1) == 1); };
    static_cast<void>(run_shards(work, options, signals));
    ::_exit(1);
  }
  ::close(pipe[1]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGTERM);
  char flushed = ' ';
  CHECK(::read(pipe[0], &flushed, 1) == 1);
  CHECK(flushed == 'x');
  ::close(pipe[0]);
}

}  // namespace k8scale::load
