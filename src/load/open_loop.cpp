#include "k8scale/load/open_loop.h"

namespace k8scale::load {
using measure::Verb;

net::Task<void> run_open_loop(net::Shard& shard, OpenLoopParameters parameters, Lane lane,
                              base::SteadyTime start, const Life& life, net::Signal& stop) {
  Arrivals arrivals(std::move(parameters.arrivals), base::Random(parameters.seed, "gaps"));
  net::TaskGroup lives(shard);
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
    lives.spawn(life(number, scheduled));
  }
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
  const Life life = [this](std::uint64_t number, base::SteadyTime scheduled) {
    return lifecycle_.live(number, scheduled);
  };
  co_await run_open_loop(context_.shard, parameters_, context_.lane, start, life, context_.stop);
}

}  // namespace k8scale::load
