#include "k8scale/load/open_loop.h"

#include "k8scale/load/arrivals.h"

namespace k8scale::load {
net::Task<void> run_open_loop(net::Shard& shard, OpenLoopParameters parameters, Lane lane,
                              base::SteadyTime start, const Life& life, net::Signal& stop) {
  PoissonArrivals arrivals(parameters.rate, base::Random(parameters.seed, "gaps"));
  net::TaskGroup lives(shard);
  for (std::uint64_t number = 1; number <= parameters.count; ++number) {
    const base::SteadyTime scheduled = start + arrivals.next();
    if (!lane.takes(number)) continue;
    bool stopped = stop.raised();
    if (!stopped && scheduled > std::chrono::steady_clock::now()) {
      stopped = co_await stop.wait_until(scheduled);
    }
    if (stopped) break;
    lives.spawn(life(number, scheduled));
  }
  co_await lives.wait_until_done();
}

}  // namespace k8scale::load
