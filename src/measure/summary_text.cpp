#include <fmt/format.h>

#include <algorithm>
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

void print_parts(std::ostream& out, const MergedParts& parts) {
  std::vector<std::uint64_t> there;
  there.reserve(parts.merged.size());
  for (const MergedPart& each : parts.merged) there.push_back(each.part.index);
  out << fmt::format(", merged from part{} {} of {}, begun within {}", there.size() == 1 ? "" : "s",
                     numbers_text(there), parts.count, base::format_duration(parts.start_spread()));
}

void print_run(std::ostream& out, const Summary& summary) {
  out << fmt::format("k8scale {}, run {}, against {}", summary.subcommand, summary.run_id, summary.server);
  if (!summary.server_version.empty()) out << fmt::format(" ({})", summary.server_version);
  out << fmt::format("\nstarted {} UTC, took {}", base::format_utc_millis(summary.started),
                     base::format_duration(summary.duration));
  if (summary.parts) print_parts(out, *summary.parts);
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

std::string counts_text(const CountByReason& counts) {
  std::string text;
  for (const auto& [reason, times] : counts) text += fmt::format(" {} {},", times, reason);
  text.pop_back();
  return text;
}

void print_servers(std::ostream& out, const Summary& summary) {
  if (summary.totals.servers.empty()) return;
  Table table(2);
  table.add({"server", "operation", "done", "ok", "failed", "rate", "service time p50", "p99"});
  for (std::size_t i = 0; i < summary.totals.servers.size() && i < summary.servers.size(); ++i) {
    const bool any = std::any_of(all_verbs.begin(), all_verbs.end(), [&](Verb verb) {
      return summary.totals.servers[i][static_cast<std::size_t>(verb)].used();
    });
    if (!any) table.add({summary.servers[i], "none"});
    for (const Verb verb : all_verbs) {
      const VerbTotals& totals = summary.totals.servers[i][static_cast<std::size_t>(verb)];
      if (!totals.used()) continue;
      const Histogram& times = totals.service_time;
      const auto time = [&](double q) {
        return times.count() == 0 ? std::string("-") : base::format_duration(times.quantile(q));
      };
      table.add({summary.servers[i], std::string(name(verb)), fmt::to_string(totals.done),
                 fmt::to_string(totals.ok()), fmt::to_string(totals.failed()), rate_text(totals.rate()),
                 time(0.5), time(0.99)});
    }
  }
  out << '\n';
  table.print(out);
  for (std::size_t i = 0; i < summary.totals.servers.size() && i < summary.servers.size(); ++i) {
    for (const Verb verb : all_verbs) {
      const VerbTotals& totals = summary.totals.servers[i][static_cast<std::size_t>(verb)];
      if (!totals.errors.empty()) {
        out << fmt::format("{} {} errors:{}\n", summary.servers[i], name(verb), counts_text(totals.errors));
      }
    }
  }
}

void print_lists(std::ostream& out, const Snapshot& snapshot) {
  const VerbTotals& lists = snapshot.of(Verb::list);
  if (lists.ok() == 0) return;
  const auto count = static_cast<double>(lists.ok());
  out << fmt::format("lists: {:.1f} items and {} each\n", static_cast<double>(lists.items) / count,
                     base::format_bytes(static_cast<double>(lists.bytes_received) / count));
}

void print_watch(std::ostream& out, const Snapshot& snapshot) {
  const WatchTotals& watch = snapshot.watch;
  if (watch.watchers == 0) return;
  Table table(1);
  table.add({"write", "seen", "missed", "seen without an answer"});
  for (const Verb verb : all_verbs) {
    const VerbTotals& totals = snapshot.of(verb);
    if (!totals.used() || !writes(verb)) continue;
    table.add({std::string(name(verb)), fmt::to_string(totals.seen), fmt::to_string(totals.missed),
               fmt::to_string(totals.seen_without_answer)});
  }
  out << '\n';
  table.print(out);
  out << fmt::format("{} watcher{}: {} events, {} duplicated, {} reordered, {} relists\n", watch.watchers,
                     watch.watchers == 1 ? "" : "s", watch.events, watch.duplicated, watch.reordered,
                     watch.relists);
}

void print_reasons(std::ostream& out, const Snapshot& snapshot, std::string_view title,
                   CountByReason VerbTotals::*reasons) {
  for (const Verb verb : all_verbs) {
    const CountByReason& counts = snapshot.of(verb).*reasons;
    if (counts.empty()) continue;
    out << fmt::format("{} {}:{}\n", name(verb), title, counts_text(counts));
  }
}

void add_notification_times(Table& table, const Snapshot& snapshot, Verb verb) {
  const VerbTotals& totals = snapshot.of(verb);
  const std::string verb_name(name(verb));
  if (snapshot.watch.watchers > 1) {
    add_times(table, {verb_name, "notification time, first"}, totals.first_notification_time);
    add_times(table, {verb_name, "notification time, last"}, totals.last_notification_time);
  } else {
    add_times(table, {verb_name, "notification time"}, totals.first_notification_time);
  }
}

void print_times(std::ostream& out, const Snapshot& snapshot, bool paced) {
  Table table(2);
  table.add({"operation", "time", "min", "p50", "p90", "p99", "p99.9", "max"});
  for (const Verb verb : all_verbs) {
    const VerbTotals& totals = snapshot.of(verb);
    add_times(table, {std::string(name(verb)), "response time"}, totals.response_time);
    add_times(table, {std::string(name(verb)), "service time"}, totals.service_time);
    add_notification_times(table, snapshot, verb);
  }
  add_times(table, {"all", "send lag"}, snapshot.send_lag());
  table.print(out);
  if (!paced) {
    out << "nothing was scheduled (rate 0): response time is service time, retries included; send lag is how "
           "long after its\nworker had ended the one before an operation was sent\n";
  } else {
    out << "response time: from the scheduled moment to the end of an operation, retries included;\n"
           "service time: from sending to the end of each attempt; send lag: how late this program sent\n";
  }
  if (snapshot.watch.watchers == 0) return;
  out << "notification time: from sending a write to its event at a watcher; the event may come before the "
         "answer\n";
}

void print_client(std::ostream& out, const Summary& summary) {
  out << "this program: ";
  if (const auto cpu = summary.cpu_per_operation()) {
    out << fmt::format("{} CPU per operation, ", base::format_duration(*cpu));
  }
  if (summary.totals.watch.watchers > 0) {
    out << fmt::format("{} CPU to watch, ", base::format_duration(summary.watch_cpu));
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
  print_lists(out, summary.totals);
  print_servers(out, summary);
  print_watch(out, summary.totals);
  out << '\n';
  print_times(out, summary.totals, summary.paced);
  out << '\n';
  print_client(out, summary);
  print_faults(out, summary.faults);
  print_files(out, summary.files);
  print_warnings(out, summary.warnings());
}

}  // namespace k8scale::measure
