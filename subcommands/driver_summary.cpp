// What a driver says of its run.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "driver.h"
#include "driver_namespace.h"
#include "exit_codes.h"
#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "stored_summaries.h"

namespace k8scale::subcommands {
namespace {

// Later than that is not together.
constexpr base::Nanoseconds on_time = std::chrono::milliseconds(10);
// After a signal, a pod has a grace period for the objects and for this.
constexpr base::Nanoseconds longest_storing = std::chrono::minutes(1);
constexpr base::Nanoseconds longest_hasty_storing = std::chrono::seconds(10);

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
  summary.parameters = summary_parameters(plan);
  summary.started = result.started;
  summary.start = result.start;
  summary.ended = result.ended;
  summary.duration = result.duration;
  if (result.signal) summary.interrupted = base::signal_name(*result.signal);
  summary.paced = plan.asked_rate.has_value();
  summary.paced_verb = plan.paced;
  if (plan.asked_rate) summary.asked_rate = asked_rate_of_part(plan);
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

// Empty when nothing is. Once the shards have stopped.
std::string Driver::say_left(const DriverPlan& plan) const {
  std::size_t left = 0;
  for (const auto& each : shards_) left += each->left();
  if (left == 0) return {};
  const std::string how = how_to_clean_up(plan);
  return fmt::format("up to {} objects {} on the server{}", left, plan.keeps_objects ? "stay" : "may be left",
                     how.empty() ? ", which ends too" : "; to delete them: " + how);
}

double Driver::asked_rate_of_part(const DriverPlan& plan) const {
  const double rate = plan.asked_rate.value_or(0);
  if (plan.workers == 0) return rate / static_cast<double>(settings_.part.count);
  const std::uint64_t ours = load::lane_of(settings_.part, 0, 1).count_up_to(plan.workers);
  return rate * static_cast<double>(ours) / static_cast<double>(plan.workers);
}

void Driver::add_notes(const DriverPlan& plan, const load::RunResult& result, measure::Summary& summary) {
  if (plan.notes) {
    for (std::string& note : plan.notes(shards_)) summary.notes.push_back(std::move(note));
  }
  if (!no_protobuf_.empty()) summary.notes.push_back(no_protobuf_);
  std::uint64_t waited = 0;
  for (const auto& each : shards_) waited += each->waited_for_limit();
  if (waited > 0) {
    summary.notes.push_back(
        fmt::format("{} operations waited because all {} connections of their shard were in use, which is "
                    "send lag; raise --connections",
                    waited, flags_.connections));
  }
  if (std::string left = say_left(plan); !left.empty()) {
    if (plan.keeps_objects) {
      base::log_info(left);
    } else {
      summary.notes.push_back(std::move(left));
    }
  }
  const bool namespaces_stay = plan.keeps_objects || settings_.part.count > 1;
  if (!made_namespaces_.empty() && namespaces_stay && !cluster_.embedded) {
    summary.notes.push_back(fmt::format("{} namespaces were made and stay, {} the first",
                                        made_namespaces_.size(), made_namespaces_.front().name));
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

// Before the run: what it finds out must have a place.
void Driver::check_storing(const DriverPlan& plan) {
  if (!flags_.store_summary && !flags_.start.together) return;
  const std::vector<std::string>& checked = plan.family->namespaces;
  if (std::find(checked.begin(), checked.end(), namespace_name) == checked.end()) {
    const bool made = load::check_namespace(*start_shard_, *start_client_, namespace_name, namespace_check());
    static_cast<void>(made);  // none is
  }
  if (!flags_.store_summary) return;
  load::PartText place = summary_place(*side_client_, settings_.run_id, settings_.part.index, settings_.job);
  const base::Result<void> free = start_shard_->run(place.check());
  if (free.has_error()) {
    throw base::Error("--store-summary: " + free.error().detail(), kube::configuration_exit_code);
  }
}

bool Driver::store(const measure::Summary& summary) {
  load::PartText place = summary_place(*side_client_, settings_.run_id, settings_.part.index, settings_.job);
  std::string text = measure::to_json(summary).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  const base::Nanoseconds longest = summary.interrupted.empty() ? longest_storing : longest_hasty_storing;
  const base::Result<void> stored =
      start_shard_->run(place.store(std::move(text), std::chrono::steady_clock::now() + longest));
  if (stored.has_error()) base::log_error("cannot store the summary: " + stored.error().detail());
  return stored.has_value();
}

int Driver::report(const DriverPlan& plan, const load::RunResult& result) {
  measure::Summary summary = summarize(plan, result);
  const bool began = start_signal_ == 0;
  if (!began) {
    summary.files.clear();
    remove_files();
  }
  const base::Result<void> written =
      began ? measure::write_json(settings_.summary_file, summary) : base::Result<void>();
  if (written.has_error()) {
    std::erase_if(summary.files, [](const measure::OutputFile& file) { return file.content == "summary"; });
    base::log_error("cannot write the summary: " + written.error().detail());
    summary.notes.push_back("the summary in JSON could not be written");
  }
  measure::print_text(std::cout, summary);
  std::cout.flush();
  const bool shown = static_cast<bool>(std::cout);
  if (!shown) base::log_error("the summary cannot be written to standard output");
  const bool stored = !flags_.store_summary || !began || store(summary);
  if (result.signal) return load::exit_code_of(result);
  const bool rows_lost = summary.rows && summary.rows->rows_lost > 0;
  const bool seen_lost = summary.seen_rows && summary.seen_rows->rows_lost > 0;
  return rows_lost || seen_lost || written.has_error() || !shown || !stored ? output_lost_exit_code : 0;
}

// The server may be slow about what remains: a signal that follows another ends it.
int Driver::report_and_leave(const DriverPlan& plan, const load::RunResult& result) {
  late_signal_ = result.signal.has_value();
  const base::WatchedSignals watched(signals_, [this](int signal) {
    const bool is_second = late_signal_.exchange(true);
    base::log_info(fmt::format("{}: {}", base::signal_name(signal),
                               is_second ? "ended before the server had answered all"
                                         : "the run is over, and being reported; another one ends that"));
    if (is_second) ::_exit(128 + signal);
  });
  const int exit_code = report(plan, result);
  if (!plan.keeps_objects) remove_namespaces();
  if (gate_) gate_->leave();
  return exit_code;
}

}  // namespace k8scale::subcommands
