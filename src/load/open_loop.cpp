#include "k8scale/load/open_loop.h"

namespace k8scale::load {
using measure::Verb;

namespace {

// While one arrival is due the next is armed already: a timer that is set while a nearer one runs costs no
// system call.
constexpr std::uint64_t armed_arrivals = 2;

struct Lives {
  const Life& begin;
  net::TaskGroup running;
};

// Begins the lives of one lane's numbers.
net::Task<void> follow_schedule(const OpenLoopParameters& parameters, Lane lane, base::SteadyTime start,
                                net::Signal& stop, Lives& lives) {
  Arrivals arrivals(parameters.arrivals, base::Random(parameters.seed, "gaps"));
  for (std::uint64_t number = 1; number <= parameters.count; ++number) {
    const std::optional<base::Nanoseconds> arrival = arrivals.next();
    if (!arrival) break;
    if (!lane.takes(number)) continue;
    const base::SteadyTime scheduled = start + *arrival;
    bool stopped = stop.raised();
    if (!stopped && scheduled > std::chrono::steady_clock::now()) {
      stopped = co_await stop.wait_until(scheduled);
    }
    if (stopped) break;
    lives.running.spawn(lives.begin(number, scheduled));
  }
}

}  // namespace

net::Task<void> run_open_loop(net::Shard& shard, OpenLoopParameters parameters, Lane lane,
                              base::SteadyTime start, const Life& life, net::Signal& stop) {
  Lives lives{life, net::TaskGroup(shard)};
  net::TaskGroup schedules(shard);
  for (std::uint64_t i = 0; i < armed_arrivals; ++i) {
    const Lane share{lane.first + i * lane.stride, lane.stride * armed_arrivals};
    schedules.spawn(follow_schedule(parameters, share, start, stop, lives));
  }
  co_await schedules.wait_until_done();
  co_await lives.running.wait_until_done();
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
  const Life life = [this](std::uint64_t number, base::SteadyTime scheduled) {
    return lifecycle_.live(number, scheduled);
  };
  co_await run_open_loop(context_.shard, parameters_, context_.lane, start, life, context_.stop);
}

}  // namespace k8scale::load
