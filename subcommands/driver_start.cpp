// How a driver begins together with the other parts of its run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "driver.h"
#include "driver_namespace.h"

namespace k8scale::subcommands {
namespace {

std::string random_token() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace

std::size_t Driver::connections_of_shard(const DriverPlan& plan) const {
  const auto parts = static_cast<double>(shards_.size() * servers_.size());
  const auto each = static_cast<std::size_t>(std::ceil(plan.connections / parts));
  return std::min(each, client_options_.most_connections);
}

void Driver::make_gate(const DriverPlan& plan) {
  if (!settings_.start_at && !flags_.start.together) return;
  StartGate::Options options;
  options.at = settings_.start_at;
  options.namespace_name = namespace_name;
  load::StartBarrier::Options& barrier = options.barrier;
  barrier.run_id = settings_.run_id;
  barrier.part = settings_.part;
  barrier.token = random_token();
  barrier.deadline = flags_.start.deadline;
  barrier.owner = settings_.job;
  barrier.run = {{"subcommand", subcommand_}, {"seed", settings_.seed}, {"parts", settings_.part.count}};
  barrier.run.update(plan.summary_parameters);
  barrier.run.update(flags_.summary_parameters());
  barrier.run.erase("part");
  gate_ = std::make_unique<StartGate>(*start_shard_, *start_client_, std::move(options));
}

void Driver::hold_back(const DriverPlan& plan) {
  gate_->wait();
  for (const auto& shard : shards_) shard->prewarm(connections_of_shard(plan));
}

// When the parts do not come together: objects that the loops made go as after a run.
void Driver::remove_what_was_prepared(const DriverPlan& plan) {
  if (!gate_) return;
  for (const auto& shard : shards_) shard->stop_soon();
  static_cast<void>(drive(plan));
}

}  // namespace k8scale::subcommands
