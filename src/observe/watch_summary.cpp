#include "k8scale/observe/watch_summary.h"

#include <fmt/format.h>

#include <ostream>

#include "k8scale/base/text.h"
#include "k8scale/measure/exposition.h"
#include "k8scale/measure/table.h"
#include "reflector_metrics.h"

namespace k8scale::observe {

using Json = nlohmann::ordered_json;

void add(kube::ReflectorCounters& to, const kube::ReflectorCounters& from) {
  to.lists += from.lists;
  to.watches += from.watches;
  to.resumes += from.resumes;
  to.expired += from.expired;
  to.bookmarks += from.bookmarks;
  to.garbage += from.garbage;
  to.bytes += from.bytes;
  for (const auto& [reason, count] : from.errors) kube::count_error(to.errors, reason, count);
}

std::optional<base::Nanoseconds> WatchSummary::open_time() const {
  if (state.totals.open < state.totals.watches) return std::nullopt;
  return state.totals.opened.last - start;
}

std::uint64_t WatchSummary::resident_for_each() const {
  if (state.totals.watches == 0 || resident_with_watches < resident_before) return 0;
  return (resident_with_watches - resident_before) / state.totals.watches;
}

std::vector<std::string> WatchSummary::warnings() const {
  const FanOutTotals& totals = state.totals;
  std::vector<std::string> all = facts.notes;
  if (totals.open < totals.watches) {
    all.push_back(
        fmt::format("{} of {} watches were never opened", totals.watches - totals.open, totals.watches));
  }
  if (totals.duplicated + totals.reordered + totals.missed + totals.behind > 0) {
    all.push_back(
        fmt::format("not every watch showed every event once and in order: {} duplicated, {} reordered, {} "
                    "missed, {} not "
                    "shown by the end",
                    totals.duplicated, totals.reordered, totals.missed, totals.behind));
  }
  if (totals.watches > 1 && totals.relists > 0) {
    all.push_back(fmt::format(
        "{} times a watch began anew from a later version, since its own was too old: what it did "
        "not show in between is not counted as missed",
        totals.relists));
  }
  const std::string negative = negative_warning(totals.create_latency, totals.update_latency);
  if (!negative.empty()) all.push_back(negative);
  return all;
}

namespace {

void print_times(std::ostream& out, const FanOutTotals& totals) {
  const bool single = totals.watches == 1;
  const std::uint64_t latencies = totals.create_latency.times.count() + totals.update_latency.times.count();
  if ((single ? latencies : totals.spread.count()) == 0) return;
  measure::Table table(1);
  std::vector<std::string> head = {"time"};
  head.insert(head.end(), measure::times_columns.begin(), measure::times_columns.end());
  table.add(std::move(head));
  if (single) {
    measure::add_times(table, {"create notification latency"}, totals.create_latency.times);
    measure::add_times(table, {"update notification latency"}, totals.update_latency.times);
  } else {
    measure::add_times(table, {"spread"}, totals.spread);
  }
  out << '\n';
  table.print(out);
  out << (single ? "notification latency: from the driver's annotation to the event, by two clocks\n"
                 : "spread: from the first watch that showed an event to each that did\n");
}

}  // namespace

void print_text(std::ostream& out, const WatchSummary& summary) {
  const FanOutTotals& totals = summary.state.totals;
  const kube::ReflectorCounters& reflectors = summary.state.reflectors;
  print_head(out, summary.facts);
  out << fmt::format("watches: {}, opened {}", totals.watches, totals.open);
  if (const auto time = summary.open_time()) out << fmt::format(", after {}", base::format_duration(*time));
  out << fmt::format("\nevents: {} on all watches, {} different", totals.events, totals.versions);
  if (const auto rate = summary.event_rate())
    out << fmt::format(", {:.1f}/s from the first to the last", *rate);
  out << fmt::format("\nof those {} ADDED, {} MODIFIED, {} DELETED; besides, {} bookmarks", totals.added,
                     totals.modified, totals.deleted, reflectors.bookmarks);
  out << fmt::format("\naudit: {} duplicated, {} reordered, {} missed, {} not shown by the end\n",
                     totals.duplicated, totals.reordered, totals.missed, totals.behind);
  out << fmt::format(
      "connections: {} watches opened in all, {} resumes, {} relists, {} expired, {} garbage, {} received\n",
      reflectors.watches, reflectors.resumes, totals.relists, reflectors.expired, reflectors.garbage,
      base::format_bytes(static_cast<double>(reflectors.bytes)));
  if (!reflectors.errors.empty()) {
    std::string line = "errors:";
    for (const auto& [reason, count] : reflectors.errors) line += fmt::format(" {} {},", count, reason);
    line.back() = '\n';
    out << line;
  }
  print_times(out, totals);
  out << fmt::format("\nresident for each watch: {}\n",
                     base::format_bytes(static_cast<double>(summary.resident_for_each())));
  print_tail(out, summary.facts);
  measure::print_warnings(out, summary.warnings());
}

Json to_json(const WatchSummary& summary) {
  const FanOutTotals& totals = summary.state.totals;
  const kube::ReflectorCounters& reflectors = summary.state.reflectors;
  const auto open_time = summary.open_time();
  const auto rate = summary.event_rate();
  Json made = to_json(summary.facts, "k8scale.watch/1");
  made["watches"] = totals.watches;
  made["opened"] = totals.open;
  made["open_time"] = open_time ? Json(open_time->count()) : Json();
  made["events"] = totals.events;
  made["versions"] = totals.versions;
  made["events_by_type"] = {{"added", totals.added},
                            {"modified", totals.modified},
                            {"deleted", totals.deleted},
                            {"bookmarks", reflectors.bookmarks}};
  made["event_rate"] = rate ? Json(*rate) : Json();
  made["spread"] = measure::to_json(totals.spread);
  made["notification_latency"] = totals.watches == 1 ? Json{{"create", to_json(totals.create_latency)},
                                                            {"update", to_json(totals.update_latency)}}
                                                     : Json();
  made["audit"] = {{"duplicated", totals.duplicated},
                   {"reordered", totals.reordered},
                   {"missed", totals.missed},
                   {"behind", totals.behind},
                   {"relists", totals.relists}};
  made["watch"] = {{"lists", reflectors.lists},     {"watches", reflectors.watches},
                   {"resumes", reflectors.resumes}, {"expired", reflectors.expired},
                   {"garbage", reflectors.garbage}, {"bytes", reflectors.bytes},
                   {"errors", reflectors.errors}};
  made["resident_for_each"] = summary.resident_for_each();
  made["warnings"] = summary.warnings();
  return made;
}

std::string metrics_text(const WatchState& state, const measure::ProcessFigures& process) {
  const FanOutTotals& totals = state.totals;
  Families families;
  measure::add_process(families, process);
  const auto gauge = [&](const char* name, const char* help, std::uint64_t value) {
    families.push_back(measure::gauge(name, help, static_cast<double>(value)));
  };
  gauge("k8scale_watches", "Watches that were asked for.", totals.watches);
  gauge("k8scale_opened_watches", "Watches that were opened.", totals.open);
  families.push_back(measure::counter("k8scale_events_total", "Events on all watches, by type.", "type",
                                      {{"ADDED", totals.added},
                                       {"MODIFIED", totals.modified},
                                       {"DELETED", totals.deleted},
                                       {"BOOKMARK", state.reflectors.bookmarks}}));
  add_count(families, "k8scale_duplicated_events_total", "Events that the same watch had shown before.",
            totals.duplicated);
  add_count(families, "k8scale_reordered_events_total", "Events that came after one of a higher version.",
            totals.reordered);
  gauge("k8scale_missed_events",
        "For each event, watches that went past it; one that comes late counts no more.", totals.missed);
  add_count(families, "k8scale_relists_total", "Lists beyond the first.", totals.relists);
  add_reflector(families, state.reflectors);
  const auto times = [&](const char* name, const char* help, const measure::Histogram& values) {
    families.push_back(measure::family(name, help, prometheus::MetricType::Histogram));
    families.back().metric.emplace_back().histogram = measure::to_buckets(values, measure::time_bounds);
  };
  times("k8scale_spread_seconds", "From the first watch that showed an event to each that did.",
        totals.spread);
  if (totals.watches == 1) {
    times("k8scale_create_notification_seconds", "From the driver's annotation to the event of a create.",
          totals.create_latency.times);
    times("k8scale_update_notification_seconds", "From the driver's annotation to the event of an update.",
          totals.update_latency.times);
  }
  return measure::to_text(families);
}

}  // namespace k8scale::observe
