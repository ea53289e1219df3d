// What a driver says of its run.
#include <fmt/format.h>

#include "driver.h"
#include "k8scale/base/log.h"
#include "stored_summaries.h"

namespace k8scale::subcommands {
namespace {

// Later than that is not together.
constexpr base::Nanoseconds on_time = std::chrono::milliseconds(10);

}  // namespace

measure::Summary Driver::summarize(const DriverPlan& plan, const load::RunResult& result) {
  measure::Summary summary;
  summary.version = K8SCALE_VERSION;
  summary.subcommand = subcommand_;
  summary.server = start_client_->server();
  summary.servers = server_urls();
  summary.server_version = server_version_;
  summary.run_id = settings_.run_id;
  summary.seed = settings_.seed;
  summary.parameters = plan.summary_parameters;
  summary.parameters.update(flags_.summary_parameters());
  summary.started = result.started;
  summary.start = result.start;
  summary.ended = result.ended;
  summary.duration = result.duration;
  if (result.signal) summary.interrupted = base::signal_name(*result.signal);
  summary.paced = plan.asked_rate.has_value();
  summary.paced_verb = plan.paced;
  if (plan.asked_rate) summary.asked_rate = *plan.asked_rate / static_cast<double>(settings_.part.count);
  summary.totals = result.totals;
  const bool elsewhere = servers_.size() == 1 && servers_.front().server != cluster_.configuration.server;
  if (elsewhere) summary.totals.servers = {summary.totals.verbs};
  summary.set_pace(result.driven_totals);
  summary.shard_cpu = result.shard_cpu;
  summary.process = measure::read_process();
  summary.rows = log_->close();
  summary.faults = cluster_.fault_counts();
  summary.files = {{"rows", settings_.data_file},
                   {"parameters", settings_.parameter_file},
                   {"summary", settings_.summary_file}};
  if (observer_) {
    summary.watch_cpu = result.watch_cpu;
    summary.seen_rows = seen_log_->close();
    summary.files.push_back({"seen", settings_.seen_file});
    summary.notes = observer_->troubles();
  }
  add_notes(plan, result, summary);
  say_part(result, summary);
  return summary;
}

void Driver::add_notes(const DriverPlan& plan, const load::RunResult& result, measure::Summary& summary) {
  std::size_t left = 0;
  for (const auto& each : shards_) left += each->left();
  if (plan.notes) {
    for (std::string& note : plan.notes(shards_)) summary.notes.push_back(std::move(note));
  }
  std::uint64_t waited = 0;
  for (const auto& each : shards_) waited += each->waited_for_limit();
  if (waited > 0) {
    summary.notes.push_back(
        fmt::format("{} operations waited because all {} connections of their shard were in use, which is "
                    "send lag; raise "
                    "--connections",
                    waited, flags_.connections));
  }
  const std::string how = how_to_clean_up(plan);
  if (left > 0 && plan.keeps_objects) {
    base::log_info(fmt::format("up to {} objects stay on the server{}", left,
                               how.empty() ? ", which ends" : "; to delete them: " + how));
  } else if (left > 0) {
    summary.notes.push_back(fmt::format("up to {} objects may be left on the server{}", left,
                                        how.empty() ? ", which ends too" : "; to delete them: " + how));
  }
  const bool namespaces_stay = plan.keeps_objects || settings_.part.count > 1;
  if (!made_namespaces_.empty() && namespaces_stay && !cluster_.embedded) {
    summary.notes.push_back(fmt::format("{} namespaces were made and stay, {} the first",
                                        made_namespaces_.size(), made_namespaces_.front()));
  }
  if (result.gave_up) {
    summary.notes.push_back(fmt::format("gave up {} after the stop signal (--grace), before all was deleted",
                                        base::format_duration(flags_.grace)));
  }
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
