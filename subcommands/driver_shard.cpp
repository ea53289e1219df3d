#include "driver_shard.h"

#include <fmt/format.h>

#include <algorithm>

namespace k8scale::subcommands {

DriverShard::DriverShard(int index, const Parameters& parameters, measure::OperationLog& log,
                         load::WriteObserver* observer)
    : shard_(fmt::format("shard {}", index), index),
      recorder_(parameters.servers.servers.size()),
      servers_(shard_, parameters.servers, base::Random(parameters.seed, fmt::format("servers {}", index))),
      stop_(shard_),
      writes_(observer != nullptr ? observer->feed(shard_) : nullptr),
      clean_up_time_(parameters.clean_up_time),
      operations_(servers_, parameters.family,
                  {recorder_, log, index, true, writes_.get(), parameters.paced}),
      loop_(parameters.make_loop({shard_, operations_, recorder_, parameters.lane, stop_})) {}

void DriverShard::prepare(std::size_t connections) {
  shard_.run(servers_.prewarm(connections));
  shard_.run(loop_->prepare());
}

net::Task<void> DriverShard::open_connections(std::size_t count, std::shared_ptr<std::promise<void>> opened) {
  co_await servers_.prewarm(count);
  opened->set_value();
}

std::future<void> DriverShard::prewarm(std::size_t connections) {
  auto opened = std::make_shared<std::promise<void>>();
  shard_.spawn(open_connections(connections, opened));
  return opened->get_future();
}

load::ShardWork DriverShard::work() {
  return {shard_,
          recorder_,
          [this](base::SteadyTime start) { return loop_->run(start); },
          [this] { stop(); },
          load::ShardRole::drives,
          [this] { return clean_up(); }};
}

std::size_t DriverShard::left() const {
  const std::int64_t population = std::max<std::int64_t>(0, recorder_.snapshot().population);
  return operations_.uncounted() + static_cast<std::size_t>(population);
}

net::Task<void> DriverShard::clean_up() {
  co_await operations_.clean_up(shard_, std::chrono::steady_clock::now() + clean_up_time_);
  if (writes_) writes_->close();
}

void DriverShard::stop_soon() {
  shard_.post([this] { stop(); });
}

void DriverShard::stop() {
  operations_.stop_measuring();
  stop_.raise();
  servers_.stop_retrying();
}

}  // namespace k8scale::subcommands
