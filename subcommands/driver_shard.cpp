#include "driver_shard.h"

#include <fmt/format.h>

#include <algorithm>

namespace k8scale::subcommands {
using measure::Verb;

OpenLoopShard::OpenLoopShard(int index, const kube::Configuration& configuration,
                             std::shared_ptr<kube::Credentials> credentials, kube::ClientOptions options,
                             kube::Collection collection, load::ObjectNames names, Parameters parameters,
                             measure::OperationLog& log, load::WriteObserver* observer)
    : shard_(fmt::format("shard {}", index), index),
      client_(shard_, configuration, std::move(credentials), std::move(options)),
      stop_(shard_),
      writes_(observer != nullptr ? observer->feed(shard_) : nullptr),
      parameters_(std::move(parameters)),
      lifecycle_(client_, std::move(collection), std::move(names), parameters_.lifecycle,
                 {recorder_, log, index, client_.server(), writes_.get()}, stop_) {
  const std::uint64_t count = parameters_.lane.count_up_to(parameters_.loop.count);
  recorder_.asked(Verb::create, count);
  recorder_.asked(Verb::remove, count);
}

load::ShardWork OpenLoopShard::work() {
  return {shard_, recorder_, [this](base::SteadyTime start) { return run(start); }, [this] { stop(); }};
}

std::size_t OpenLoopShard::left() const {
  const std::int64_t population = std::max<std::int64_t>(0, recorder_.snapshot().population);
  return lifecycle_.uncounted() + static_cast<std::size_t>(population);
}

net::Task<void> OpenLoopShard::run(base::SteadyTime start) {
  const load::Life life = [this](std::uint64_t number, base::SteadyTime scheduled) {
    return lifecycle_.live(number, scheduled);
  };
  co_await load::run_open_loop(shard_, parameters_.loop, parameters_.lane, start, life, stop_);
  co_await lifecycle_.clean_up(shard_, std::chrono::steady_clock::now() + parameters_.clean_up_time);
  if (writes_) writes_->close();
}

void OpenLoopShard::stop() {
  stop_.raise();
  client_.stop_retrying();
}

}  // namespace k8scale::subcommands
