// How a driver begins together with the other parts of its run, and what it tells them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "driver.h"
#include "driver_namespace.h"
#include "k8scale/base/log.h"
#include "stored_summaries.h"

namespace k8scale::subcommands {
namespace {

// Later than that is not together.
constexpr base::Nanoseconds on_time = std::chrono::milliseconds(10);

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

void Driver::say_part(const load::RunResult& result, measure::Summary& summary) const {
  measure::RunPart& part = summary.part.emplace();
  part.index = settings_.part.index;
  part.count = settings_.part.count;
  summary.parameters["part"] = fmt::format("{}/{}", part.index, part.count);
  if (!gate_) return;
  part.agreed_start = gate_->start();
  part.server_clock = gate_->server_clock();
  if (!part.agreed_start || result.started - *part.agreed_start <= on_time) return;
  summary.notes.push_back(
      fmt::format("the run began {} late", base::format_duration(result.started - *part.agreed_start)));
}

bool Driver::store(const measure::Summary& summary) {
  const base::Result<void> stored = store_summary(*start_shard_, *start_client_, summary, settings_.job);
  if (stored.has_error()) base::log_error("cannot store the summary: " + stored.error().detail());
  return stored.has_value();
}

}  // namespace k8scale::subcommands
