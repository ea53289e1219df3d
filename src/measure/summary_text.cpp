#include <fmt/format.h>

#include <ostream>

#include "k8scale/base/text.h"
#include "k8scale/measure/summary.h"
#include "k8scale/measure/table.h"

namespace k8scale::measure {
namespace {

std::string rate_text(const std::optional<double>& rate) {
  return rate ? fmt::format("{:.1f}/s", *rate) : "-";
}

std::string value_text(const nlohmann::ordered_json& value) {
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) return value.get<std::string>();
  return value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void print_run(std::ostream& out, const Summary& summary) {
  out << fmt::format("k8scale {}, run {}, against {}", summary.subcommand, summary.run_id, summary.server);
  if (!summary.server_version.empty()) out << fmt::format(" ({})", summary.server_version);
  out << fmt::format("\nstarted {} UTC, took {}", base::format_utc_millis(summary.started),
                     base::format_duration(summary.duration));
  if (!summary.interrupted.empty()) out << fmt::format(", interrupted by {}", summary.interrupted);
  out << '\n';
  if (summary.asked_rate) {
    out << fmt::format("rate asked {} for {}, achieved {}\n", rate_text(summary.asked_rate),
                       base::format_duration(summary.schedule_length), rate_text(summary.achieved_rate));
  }
  out << "parameters:";
  for (const auto& [flag, value] : summary.parameters.items())
    out << fmt::format(" {}={}", flag, value_text(value));
  out << fmt::format("\nseed {}\n", summary.seed);
}

void print_counts(std::ostream& out, const Snapshot& snapshot) {
  Table table(1);
  table.add({"operation", "asked", "done", "ok", "failed", "retries", "rate"});
  for (const Verb verb : all_verbs) {
    const VerbTotals& totals = snapshot.of(verb);
    if (!totals.used()) continue;
    table.add({std::string(name(verb)), fmt::to_string(totals.asked), fmt::to_string(totals.done),
               fmt::to_string(totals.ok()), fmt::to_string(totals.failed()), fmt::to_string(totals.retries),
               rate_text(totals.rate())});
  }
  table.print(out);
}

void print_reasons(std::ostream& out, const Snapshot& snapshot, std::string_view title,
                   CountByReason VerbTotals::*reasons) {
  for (const Verb verb : all_verbs) {
    const CountByReason& counts = snapshot.of(verb).*reasons;
    if (counts.empty()) continue;
    std::string line = fmt::format("{} {}:", name(verb), title);
    for (const auto& [reason, times] : counts) line += fmt::format(" {} {},", times, reason);
    line.back() = '\n';
    out << line;
  }
}

void print_times(std::ostream& out, const Snapshot& snapshot) {
  Table table(2);
  table.add({"operation", "time", "min", "p50", "p90", "p99", "p99.9", "max"});
  for (const Verb verb : all_verbs) {
    const VerbTotals& totals = snapshot.of(verb);
    add_times(table, {std::string(name(verb)), "response time"}, totals.response_time);
    add_times(table, {std::string(name(verb)), "service time"}, totals.service_time);
  }
  add_times(table, {"all", "send lag"}, snapshot.send_lag());
  table.print(out);
  out << "response time: from the scheduled moment to the end of an operation, retries included;\n"
         "service time: from sending to the end of each attempt; send lag: how late this program sent\n";
}

void print_client(std::ostream& out, const Summary& summary) {
  out << "this program: ";
  if (const auto cpu = summary.cpu_per_operation()) {
    out << fmt::format("{} CPU per operation, ", base::format_duration(*cpu));
  }
  out << fmt::format("{} CPU in all, {} resident, {} at its peak\n",
                     base::format_duration(summary.process.cpu),
                     base::format_bytes(static_cast<double>(summary.process.resident_bytes)),
                     base::format_bytes(static_cast<double>(summary.process.peak_resident_bytes)));
}

}  // namespace

void print_text(std::ostream& out, const Summary& summary) {
  print_run(out, summary);
  out << '\n';
  print_counts(out, summary.totals);
  print_reasons(out, summary.totals, "errors", &VerbTotals::errors);
  print_reasons(out, summary.totals, "retried after", &VerbTotals::retried);
  out << '\n';
  print_times(out, summary.totals);
  out << '\n';
  print_client(out, summary);
  print_files(out, summary.files);
  print_warnings(out, summary.warnings());
}

}  // namespace k8scale::measure
