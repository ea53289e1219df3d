#include "k8scale/load/open_loop.h"

#include <algorithm>
#include <deque>

namespace k8scale::load {
using measure::Verb;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// While one arrival is due the next is armed already: a timer that is set while a nearer one runs costs no
// system call.
constexpr int armed_arrivals = 2;

constexpr auto look_again = 1ms;  // whether it is still crowded

struct Arrival {
  std::uint64_t number;
  base::SteadyTime scheduled;
};

// The arrivals of one lane, in their order.
class Schedule {
 public:
  Schedule(const OpenLoopParameters& parameters, Lane lane, base::SteadyTime start)
      : arrivals_(parameters.arrivals, base::Random(parameters.seed, "gaps")),
        count_(parameters.count),
        lane_(lane),
        start_(start) {}

  std::optional<Arrival> next() {
    while (number_ < count_) {
      const std::optional<base::Nanoseconds> arrival = arrivals_.next();
      if (!arrival) break;
      if (lane_.takes(++number_)) return Arrival{number_, start_ + *arrival};
    }
    return std::nullopt;
  }

 private:
  Arrivals arrivals_;
  std::uint64_t count_;
  Lane lane_;
  base::SteadyTime start_;
  std::uint64_t number_ = 0;
};

class Lives {
 public:
  Lives(net::Shard& shard, const Life& life, const Crowded& crowded)
      : life_(life), crowded_(crowded), running_(shard) {}

  void arm(Arrival arrival) { armed_.push_back(arrival); }
  // Begins those that are due, in their order, until it is crowded. Whether `arrival` has begun.
  bool begin_due(const Arrival& arrival) {
    while (!armed_.empty() && armed_.front().scheduled <= Clock::now()) {
      const Arrival next = armed_.front();
      if (crowded_()) {
        note_crowd(next);
        break;
      }
      armed_.pop_front();
      Begin begin(next.scheduled);
      begin.crowded_out = std::max(last_crowded_ - std::max(next.scheduled, first_crowded_), 0ns);
      running_.spawn(life_(next.number, begin));
    }
    return armed_.empty() || armed_.front().number > arrival.number;
  }
  net::Task<void> wait_until_done() { return running_.wait_until_done(); }

 private:
  void note_crowd(const Arrival& kept_out) {
    const base::SteadyTime now = Clock::now();
    if (kept_out.scheduled > last_crowded_)
      first_crowded_ = now;  // nothing is late because of the crowd before
    last_crowded_ = now;
  }

  const Life& life_;
  const Crowded& crowded_;
  std::deque<Arrival> armed_;                      // one for each follower
  base::SteadyTime first_crowded_, last_crowded_;  // of the time since which arrivals have been late
  net::TaskGroup running_;
};

net::Task<void> follow(Schedule& schedule, net::Signal& stop, Lives& lives) {
  while (!stop.raised()) {
    const std::optional<Arrival> next = schedule.next();
    if (!next) break;
    const Arrival arrival = *next;
    lives.arm(arrival);
    if (arrival.scheduled > Clock::now()) static_cast<void>(co_await stop.wait_until(arrival.scheduled));
    while (!stop.raised() && !lives.begin_due(arrival)) {
      static_cast<void>(co_await stop.wait_until(Clock::now() + look_again));
    }
  }
}

}  // namespace

net::Task<void> run_open_loop(net::Shard& shard, OpenLoopParameters parameters, Lane lane,
                              base::SteadyTime start, const Life& life, const Crowded& crowded,
                              net::Signal& stop) {
  Schedule schedule(parameters, lane, start);
  Lives lives(shard, life, crowded);
  net::TaskGroup followers(shard);
  for (int i = 0; i < armed_arrivals; ++i) followers.spawn(follow(schedule, stop, lives));
  co_await followers.wait_until_done();
  co_await lives.wait_until_done();
}

OpenLoop::OpenLoop(const LoopContext& context, OpenLoopParameters parameters,
                   ObjectLifecycle::Parameters lifecycle)
    : context_(context),
      parameters_(std::move(parameters)),
      lifecycle_(context.operations, lifecycle, context.stop) {
  const std::uint64_t arrivals = count_arrivals(parameters_.arrivals, parameters_.seed, parameters_.count);
  const std::uint64_t count = context_.lane.count_up_to(arrivals);
  context_.recorder.asked(Verb::create, count);
  context_.recorder.asked(Verb::patch, count * lifecycle.updates);
  if (lifecycle.deletes) context_.recorder.asked(Verb::remove, count);
}

net::Task<void> OpenLoop::run(base::SteadyTime start) {
  const Life life = [this](std::uint64_t number, Begin begin) { return lifecycle_.live(number, begin); };
  const Crowded crowded = [this] { return context_.operations.crowded(); };
  co_await run_open_loop(context_.shard, parameters_, context_.lane, start, life, crowded, context_.stop);
}

}  // namespace k8scale::load
