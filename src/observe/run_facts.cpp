#include "k8scale/observe/run_facts.h"

#include <fmt/format.h>

#include <ostream>

#include "k8scale/base/text.h"

namespace k8scale::observe {

using Json = nlohmann::ordered_json;

void print_head(std::ostream& out, const RunFacts& facts) {
  out << fmt::format("k8scale {}, {} of {}\nstarted {} UTC, took {}", facts.subcommand, facts.resource,
                     facts.server, base::format_utc_millis(facts.started),
                     base::format_duration(facts.duration));
  if (!facts.interrupted.empty()) out << fmt::format(", interrupted by {}", facts.interrupted);
  out << "\n\n";
}

void print_tail(std::ostream& out, const RunFacts& facts) {
  const auto bytes = [](std::uint64_t count) { return base::format_bytes(static_cast<double>(count)); };
  out << fmt::format("this program: {} CPU in all, {} resident, {} at its peak\n",
                     base::format_duration(facts.process.cpu), bytes(facts.process.resident_bytes),
                     bytes(facts.process.peak_resident_bytes));
  measure::print_faults(out, facts.faults);
  measure::print_files(out, facts.files);
}

Json to_json(const RunFacts& facts, const std::string& schema) {
  return {{"schema", schema},
          {"tool", "k8scale"},
          {"version", facts.version},
          {"subcommand", facts.subcommand},
          {"server", {{"url", facts.server}}},
          {"resource", facts.resource},
          {"parameters", facts.parameters},
          {"started", measure::rfc3339_millis(facts.started)},
          {"ended", measure::rfc3339_millis(facts.ended)},
          {"duration", facts.duration.count()},
          {"interrupted", measure::or_null(facts.interrupted)},
          {"client",
           {{"process_cpu", facts.process.cpu.count()},
            {"resident_bytes", facts.process.resident_bytes},
            {"peak_resident_bytes", facts.process.peak_resident_bytes}}},
          {"faults", measure::to_json(facts.faults)},
          {"files", measure::to_json(facts.files)}};
}

std::string audit_text(const AuditCounts& audit) {
  return fmt::format("{} duplicated, {} reordered, {} missed (creates {}, updates {}, deletes {})",
                     audit.duplicated, audit.reordered, audit.missed.total(), audit.missed.creates,
                     audit.missed.updates, audit.missed.deletes);
}

Json to_json(const AuditCounts& audit) {
  return {{"duplicated", audit.duplicated},
          {"reordered", audit.reordered},
          {"missed",
           {{"creates", audit.missed.creates},
            {"updates", audit.missed.updates},
            {"deletes", audit.missed.deletes}}}};
}

std::string negative_warning(const NotificationLatency& create, const NotificationLatency& update) {
  const std::uint64_t negative = create.negative + update.negative;
  if (negative == 0) return "";
  return fmt::format("{} notification latencies were below 0 and count as 0: the driver's clock is ahead",
                     negative);
}

Json to_json(const NotificationLatency& latency) {
  Json made = measure::to_json(latency.times);
  made["negative"] = latency.negative;
  return made;
}

std::string audit_warning(const AuditCounts& audit) {
  return audit.total() == 0 ? ""
                            : "the watch did not show every change once and in order: " + audit_text(audit);
}

}  // namespace k8scale::observe
