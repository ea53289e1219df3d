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
  Lives(net::Shard& shard, const Life& life, const LookAtCrowd& look)
      : life_(life), look_(look), running_(shard) {}

  void arm(Arrival arrival) { armed_.push_back(arrival); }
  // Begins those that are due, in their order, until it is crowded. Whether `arrival` has begun.
  bool begin_due(const Arrival& arrival) {
    while (!armed_.empty() && armed_.front().scheduled <= Clock::now()) {
      const Arrival next = armed_.front();
      const Crowd crowd = look_();
      if (crowd.is_there) {
        note_crowd(next, crowd.short_of_time);
        break;
      }
      armed_.pop_front();
      Begin begin(next.scheduled);
      begin.crowded_out = crowded_out(next);
      running_.spawn(life_(next.number, begin));
    }
    return armed_.empty() || armed_.front().number > arrival.number;
  }
  net::Task<void> wait_until_done() { return running_.wait_until_done(); }

 private:
  struct Look {
    base::SteadyTime when;
    base::Nanoseconds short_of_time{0};  // until then
  };

  void note_crowd(const Arrival& kept_out, base::Nanoseconds short_of_time) {
    const Look now{Clock::now(), short_of_time};
    if (kept_out.scheduled > last_crowded_.when)
      first_crowded_ = now;  // the crowd before has made nothing late
    last_crowded_ = now;
  }
  // As if the thread had been short of time evenly.
  base::Nanoseconds crowded_out(const Arrival& late) const {
    const base::Nanoseconds whole = last_crowded_.when - first_crowded_.when;
    const base::Nanoseconds since = last_crowded_.when - std::max(late.scheduled, first_crowded_.when);
    if (since <= 0ns) return 0ns;
    const base::Nanoseconds short_of_time = last_crowded_.short_of_time - first_crowded_.short_of_time;
    const double part = 1 - base::to_seconds(short_of_time) / base::to_seconds(whole);
    return base::from_seconds(base::to_seconds(since) * std::clamp(part, 0.0, 1.0));
  }

  const Life& life_;
  const LookAtCrowd& look_;
  std::deque<Arrival> armed_;          // one for each follower
  Look first_crowded_, last_crowded_;  // of the time since which arrivals have been late
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
                              base::SteadyTime start, const Life& life, const LookAtCrowd& look,
                              net::Signal& stop) {
  Schedule schedule(parameters, lane, start);
  Lives lives(shard, life, look);
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
  const LookAtCrowd look = [this] { return context_.operations.crowd(); };
  co_await run_open_loop(context_.shard, parameters_, context_.lane, start, life, look, context_.stop);
}

}  // namespace k8scale::load
