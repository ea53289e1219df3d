// How a driver begins together with the other parts of its run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <random>

#include "driver.h"
#include "driver_namespace.h"
#include "k8scale/base/log.h"

namespace k8scale::subcommands {
namespace {

constexpr base::Nanoseconds shortest_period = std::chrono::milliseconds(200);
constexpr base::Nanoseconds longest_barrier_period = std::chrono::seconds(2);

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
  // From all parts together, at most 100 looks per second.
  barrier.period = std::clamp<base::Nanoseconds>(settings_.part.count * std::chrono::milliseconds(10),
                                                 shortest_period, longest_barrier_period);
  barrier.run = {{"subcommand", subcommand_}, {"seed", settings_.seed}, {"parts", settings_.part.count}};
  barrier.run.update(summary_parameters(plan));
  barrier.run.erase("part");
  if (settings_.job) barrier.run["job"] = settings_.job->uid;
  gate_ = std::make_unique<StartGate>(*start_shard_, *side_client_, std::move(options));
}

void Driver::hold_back(const DriverPlan& plan) {
  gate_->meet();
  std::vector<std::future<void>> opened;
  for (const auto& shard : shards_) {
    if (start_signal_ == 0) opened.push_back(shard->prewarm(connections_of_shard(plan)));
  }
  for (const std::future<void>& each : opened) each.wait();
  gate_->wait();
}

// When the parts do not come together: objects that the loops made go as after a run. Called while an
// exception is on its way, which counts more than what happens here.
void Driver::remove_what_was_prepared(const DriverPlan& plan) {
  if (!gate_) return;
  try {
    for (const auto& shard : shards_) shard->stop_soon();
    static_cast<void>(drive(plan));
    if (const std::string left = say_left(plan); !left.empty()) base::log_warning(left);
  } catch (const std::exception& error) {
    base::log_error(fmt::format("cannot clean up: {}", error.what()));
  }
}

}  // namespace k8scale::subcommands
