#include "start_gate.h"

#include <fmt/format.h>
#include <utility>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/measure/report.h"

namespace k8scale::subcommands {
namespace {

constexpr int not_together_exit_code = 24;
// For what is still to be done before the start.
constexpr base::Nanoseconds head_start = std::chrono::milliseconds(300);
// For connections that rested too long, and for the clocks, whose drift makes older answers worthless.
constexpr base::Nanoseconds preparation = std::chrono::seconds(15);

base::SteadyTime steady(base::WallTime moment) {
  return std::chrono::steady_clock::now() + (moment - std::chrono::system_clock::now());
}

}  // namespace

StartGate::StartGate(net::Shard& shard, kube::Client& client, Options options)
    : shard_(shard),
      client_(client),
      options_(std::move(options)),
      barrier_(shard, client, options_.namespace_name, options_.barrier),
      stop_(shard) {}

net::Task<void> StartGate::learn_server_clock(base::WallTime end) {
  load::ServerClock& clock = barrier_.clock();
  const kube::AttemptObserver observe = [&clock](const kube::Attempt& attempt) { clock.add(attempt); };
  while (!clock.is_known()) {
    const base::WallTime next = clock.next_question(std::chrono::system_clock::now());
    if (next >= end) co_return;
    const bool stopped = co_await stop_.wait_until(steady(next));
    if (stopped) co_return;
    const kube::Answer answer = co_await client_.get_path("/version", observe);
    if (!answer.ok() || !clock.difference()) co_return;
  }
}

net::Task<void> StartGate::meet_or_sleep() {
  if (!options_.at) {
    meeting_ = co_await barrier_.meet();
    start_ = meeting_.start;
    co_return;
  }
  const bool stopped = co_await stop_.wait_until(steady(*options_.at - preparation));
  if (!stopped) start_ = options_.at;
}

net::Task<void> StartGate::wait_for_start() {
  if (!start_) co_return;
  const base::WallTime end = *start_ - head_start;
  co_await learn_server_clock(end);
  static_cast<void>(co_await stop_.wait_until(steady(end)));
}

void StartGate::meet() {
  if (options_.at) {
    base::log_info("the run begins at " + measure::rfc3339_millis(*options_.at));
  } else {
    base::log_info(fmt::format("part {} of {} waits for the others, for up to {}",
                               options_.barrier.part.index, options_.barrier.part.count,
                               base::format_duration(options_.barrier.deadline)));
  }
  shard_.run(meet_or_sleep());
  if (!meeting_.failure.empty()) throw base::Error(meeting_.failure, not_together_exit_code);
}

void StartGate::wait() { shard_.run(wait_for_start()); }

void StartGate::stop() {
  shard_.post([this] {
    stop_.raise();
    barrier_.stop();
  });
}

void StartGate::leave() { shard_.run(barrier_.leave()); }

}  // namespace k8scale::subcommands
