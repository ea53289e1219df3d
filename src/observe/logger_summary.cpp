#include "k8scale/observe/logger_summary.h"

#include <fmt/format.h>

#include <ostream>

#include "k8scale/base/text.h"
#include "k8scale/measure/table.h"

namespace k8scale::observe {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t relists(const kube::ReflectorCounters& reflector) {
  return reflector.lists > 0 ? reflector.lists - 1 : 0;
}

void print_counts(std::ostream& out, const LoggerState& state) {
  const EventCounts& events = state.logger.events;
  const LogTotals& log = state.logger.log;
  measure::Table table(1);
  table.add({"", "create", "update", "delete", "other"});
  table.add({"events", fmt::to_string(events.added), fmt::to_string(events.modified),
             fmt::to_string(events.deleted), fmt::format("{} bookmarks", state.reflector.bookmarks)});
  table.add({"dequeued", fmt::to_string(log.creates), fmt::to_string(log.updates),
             fmt::to_string(log.deletes), ""});
  table.print(out);
  out << fmt::format(
      "lists: {}, with {} objects; {} exist at the end\n"
      "of those dequeued {} were duplicates, {} exactly one update, {} other than one change\n",
      state.reflector.lists, events.listed, state.logger.objects, log.duplicates, log.single_updates,
      log.stranges);
}

void print_times(std::ostream& out, const LogTotals& log) {
  if (log.dequeues() == 0) return;
  measure::Table table(1);
  std::vector<std::string> head = {"time"};
  head.insert(head.end(), measure::times_columns.begin(), measure::times_columns.end());
  out << '\n';
  table.add(std::move(head));
  measure::add_times(table, {"create notification latency"}, log.create_latency.times);
  measure::add_times(table, {"update notification latency"}, log.update_latency.times);
  measure::add_times(table, {"queue wait"}, log.queue_wait);
  table.print(out);
  out << "notification latency: from the driver's annotation to a worker, by two clocks; queue wait: from a "
         "key's first enqueue to a worker\n";
}

void print_watch(std::ostream& out, const LoggerState& state) {
  const kube::ReflectorCounters& reflector = state.reflector;
  out << fmt::format(
      "\nwatch: {} watches, {} resumes, {} relists, {} expired, {} garbage, {} received\n"
      "audit: {}\n",
      reflector.watches, reflector.resumes, relists(reflector), reflector.expired, reflector.garbage,
      base::format_bytes(static_cast<double>(reflector.bytes)), audit_text(state.logger.audit));
  if (reflector.errors.empty()) return;
  std::string line = "errors:";
  for (const auto& [reason, count] : reflector.errors) line += fmt::format(" {} {},", count, reason);
  line.back() = '\n';
  out << line;
}

}  // namespace

std::vector<std::string> LoggerSummary::warnings() const {
  std::vector<std::string> all = facts.notes;
  if (!state.logger.synced) all.emplace_back("no list was complete");
  if (state.logger.log.unlogged > 0) {
    all.push_back(fmt::format("{} keys were not logged: the disk is slower than the rows come",
                              state.logger.log.unlogged));
  }
  for (std::string warning :
       {measure::rows_warning(state.rows), audit_warning(state.logger.audit),
        negative_warning(state.logger.log.create_latency, state.logger.log.update_latency)}) {
    if (!warning.empty()) all.push_back(std::move(warning));
  }
  return all;
}

void print_text(std::ostream& out, const LoggerSummary& summary) {
  print_head(out, summary.facts);
  print_counts(out, summary.state);
  print_times(out, summary.state.logger.log);
  print_watch(out, summary.state);
  print_tail(out, summary.facts);
  measure::print_warnings(out, summary.warnings());
}

Json to_json(const LoggerSummary& summary) {
  const LoggerSnapshot& logger = summary.state.logger;
  const LogTotals& log = logger.log;
  const kube::ReflectorCounters& reflector = summary.state.reflector;
  Json made = to_json(summary.facts, "k8scale.logger/1");
  made["events"] = {{"added", logger.events.added},
                    {"modified", logger.events.modified},
                    {"deleted", logger.events.deleted},
                    {"bookmarks", reflector.bookmarks},
                    {"listed", logger.events.listed}};
  made["objects"] = logger.objects;
  made["last_version"] = logger.last_version;
  made["synced"] = logger.synced;
  made["dequeues"] = {{"create", log.creates},
                      {"update", log.updates},
                      {"delete", log.deletes},
                      {"duplicates", log.duplicates},
                      {"single_updates", log.single_updates},
                      {"stranges", log.stranges}};
  made["queue_wait"] = measure::to_json(log.queue_wait);
  made["notification_latency"] = {{"create", to_json(log.create_latency)},
                                  {"update", to_json(log.update_latency)}};
  made["watch"] = {{"lists", reflector.lists},     {"relists", relists(reflector)},
                   {"watches", reflector.watches}, {"resumes", reflector.resumes},
                   {"expired", reflector.expired}, {"garbage", reflector.garbage},
                   {"bytes", reflector.bytes},     {"errors", reflector.errors}};
  made["audit"] = to_json(logger.audit);
  made["rows"] = measure::to_json(std::optional(summary.state.rows));
  made["warnings"] = summary.warnings();
  return made;
}

}  // namespace k8scale::observe
