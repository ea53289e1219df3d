#include "k8scale/measure/summary_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace k8scale::measure {
namespace {

using Json = nlohmann::ordered_json;
using Strings = std::vector<std::string>;

constexpr base::Nanoseconds in_step = std::chrono::milliseconds(10);

// What the parts of a run have in common, in its JSON's spelling.
Json common(const Summary& summary) {
  Json made = {{"run_id", summary.run_id}, {"subcommand", summary.subcommand}, {"seed", summary.seed}};
  if (summary.part) made["parts"] = summary.part->count;
  for (const auto& [flag, value] : summary.parameters.items()) {
    if (flag != "part") made[flag] = value;
  }
  return made;
}

Strings find_conflicts(const std::vector<PartSummary>& parts) {
  Strings conflicts;
  const PartSummary& first = parts.front();
  const Json expected = common(first.summary);
  std::map<std::uint64_t, std::string> seen;
  for (const PartSummary& each : parts) {
    if (!each.summary.part) {
      conflicts.push_back(each.source + ": merged already, expected the summary of one process");
      continue;
    }
    const auto [place, is_new] = seen.try_emplace(each.summary.part->index, each.source);
    if (!is_new) {
      conflicts.push_back(
          fmt::format("{}: part {} again, which is in {}", each.source, place->first, place->second));
    }
    for (const std::string& difference : differences(common(each.summary), expected)) {
      conflicts.push_back(fmt::format("{}: {} as in {}", each.source, difference, first.source));
    }
  }
  return conflicts;
}

// A server's totals go where its URL is.
void merge_servers(Summary& merged, const Summary& part) {
  for (std::size_t i = 0; i < part.servers.size() && i < part.totals.servers.size(); ++i) {
    const auto found = std::find(merged.servers.begin(), merged.servers.end(), part.servers[i]);
    const auto place = static_cast<std::size_t>(found - merged.servers.begin());
    if (found == merged.servers.end()) {
      merged.servers.push_back(part.servers[i]);
      merged.totals.servers.emplace_back();
    }
    for (const Verb verb : all_verbs) {
      const auto which = static_cast<std::size_t>(verb);
      merged.totals.servers[place][which].merge(part.totals.servers[i][which]);
    }
  }
}

void merge_rows(std::optional<RowLog::Totals>& merged, const std::optional<RowLog::Totals>& part) {
  if (!part) return;
  if (!merged) merged.emplace();
  merged->rows_written += part->rows_written;
  merged->rows_lost += part->rows_lost;
  if (merged->first_error.empty()) merged->first_error = part->first_error;
}

// Parts of a run have the same rules, each at its own built-in server.
void merge_faults(std::vector<FaultCount>& merged, const std::vector<FaultCount>& part) {
  merged.resize(std::max(merged.size(), part.size()));
  for (std::size_t i = 0; i < part.size(); ++i) {
    merged[i].rule = part[i].rule;
    merged[i].met += part[i].met;
    merged[i].injected += part[i].injected;
  }
}

void add(Summary& merged, const Summary& part) {
  if (part.started < merged.started) {
    merged.started = part.started;
    merged.start = part.start;
  }
  merged.ended = std::max(merged.ended, part.ended);
  if (merged.interrupted.empty()) merged.interrupted = part.interrupted;
  if (part.asked_rate) merged.asked_rate = merged.asked_rate.value_or(0) + *part.asked_rate;
  Snapshot totals = part.totals;
  totals.servers.clear();
  merged.totals.merge(totals);
  merge_servers(merged, part);
  merged.shard_cpu += part.shard_cpu;
  merged.watch_cpu += part.watch_cpu;
  merged.process.cpu += part.process.cpu;
  merged.process.resident_bytes += part.process.resident_bytes;
  merged.process.peak_resident_bytes += part.process.peak_resident_bytes;
  merge_rows(merged.rows, part.rows);
  merge_rows(merged.seen_rows, part.seen_rows);
  merge_faults(merged.faults, part.faults);
  merged.files.insert(merged.files.end(), part.files.begin(), part.files.end());
}

Summary merge_all(const std::vector<PartSummary>& parts) {
  const Summary& first = parts.front().summary;
  Summary merged;
  merged.version = first.version;
  merged.subcommand = first.subcommand;
  merged.server = first.server;
  merged.server_version = first.server_version;
  merged.run_id = first.run_id;
  merged.seed = first.seed;
  merged.parameters = first.parameters;
  merged.parameters.erase("part");
  merged.started = first.started;
  merged.start = first.start;
  merged.ended = first.ended;
  merged.paced = first.paced;
  merged.paced_verb = first.paced_verb;
  base::WallTime end = base::WallTime::min();
  for (const PartSummary& each : parts) {
    add(merged, each.summary);
    end = std::max(end, each.summary.started + each.summary.duration);
  }
  merged.duration = end - merged.started;
  merged.set_pace(merged.totals);
  return merged;
}

MergedParts parts_of(const std::vector<PartSummary>& parts) {
  MergedParts made;
  for (const auto& [source, summary] : parts) {
    const RunPart part = summary.part.value_or(RunPart());
    made.count = part.count;
    made.merged.push_back({part, source, summary.started});
  }
  std::sort(made.merged.begin(), made.merged.end(),
            [](const MergedPart& a, const MergedPart& b) { return a.part.index < b.part.index; });
  return made;
}

std::optional<std::string> start_difference(const MergedParts& parts) {
  if (parts.start_spread() <= in_step) return std::nullopt;
  const auto [first, last] =
      std::minmax_element(parts.merged.begin(), parts.merged.end(),
                          [](const MergedPart& a, const MergedPart& b) { return a.started < b.started; });
  return fmt::format("the parts did not begin together: part {} began {} after part {}", last->part.index,
                     base::format_duration(parts.start_spread()), first->part.index);
}

// Two clocks differ for sure by what lies between their bounds.
std::optional<std::string> clock_difference(const MergedParts& parts) {
  std::uint64_t fastest = 0;  // of whose clock the server's is ahead least
  std::uint64_t slowest = 0;
  auto least = base::Nanoseconds::max();
  auto most = base::Nanoseconds::min();
  for (const MergedPart& each : parts.merged) {
    if (!each.part.server_clock) continue;
    const auto [at_least, at_most] = *each.part.server_clock;
    if (at_most < least) std::tie(least, fastest) = std::pair(at_most, each.part.index);
    if (at_least > most) std::tie(most, slowest) = std::pair(at_least, each.part.index);
  }
  if (fastest == 0 || most <= least || most - least <= in_step) return std::nullopt;
  return fmt::format("the clock of part {} is at least {} ahead of that of part {}", fastest,
                     base::format_duration(most - least), slowest);
}

std::string parts_text(const std::vector<std::uint64_t>& indices) {
  return fmt::format("part{} {}", indices.size() == 1 ? "" : "s", numbers_text(indices));
}

// Clocks that may differ by more than matters: starts may then lie further apart than they say.
Strings doubts_of_clocks(const MergedParts& parts) {
  if (parts.merged.size() < 2) return {};
  std::vector<std::uint64_t> unknown;
  std::vector<std::uint64_t> vague;
  base::Nanoseconds widest{0};
  for (const MergedPart& each : parts.merged) {
    const auto& clock = each.part.server_clock;
    const base::Nanoseconds width = clock ? clock->at_most - clock->at_least : base::Nanoseconds(0);
    if (!clock) unknown.push_back(each.part.index);
    if (width > in_step) vague.push_back(each.part.index);
    widest = std::max(widest, width);
  }
  constexpr std::string_view so = "the parts may have begun further apart than they say";
  Strings doubts;
  if (!unknown.empty()) {
    doubts.push_back(fmt::format("the clocks of {} are not known: {}", parts_text(unknown), so));
  }
  if (!vague.empty()) {
    doubts.push_back(fmt::format("the clocks of {} are known to within {} only: {}", parts_text(vague),
                                 base::format_duration(widest), so));
  }
  return doubts;
}

// The same sentence of several parts is one.
Strings notes_of(const std::vector<PartSummary>& parts) {
  std::map<std::string, std::vector<std::uint64_t>> parts_by_note;
  Strings order;
  for (const auto& [source, summary] : parts) {
    for (const std::string& note : summary.notes) {
      std::vector<std::uint64_t>& indices = parts_by_note[note];
      if (indices.empty()) order.push_back(note);
      if (summary.part) indices.push_back(summary.part->index);
    }
  }
  Strings notes;
  for (const std::string& note : order) {
    std::vector<std::uint64_t>& indices = parts_by_note[note];
    std::sort(indices.begin(), indices.end());
    notes.push_back(fmt::format("{}: {}", parts_text(indices), note));
  }
  return notes;
}

// Of what should be the same, but does not make it another run.
template <class Member>
void note_variety(const std::vector<PartSummary>& parts, std::string_view what, Member member,
                  Strings& notes) {
  std::set<std::string> values;
  for (const PartSummary& each : parts) values.insert(each.summary.*member);
  if (values.size() > 1) notes.push_back(fmt::format("the parts ran {} {}", what, fmt::join(values, ", ")));
}

}  // namespace

MergedRun merge_parts(const std::vector<PartSummary>& parts) {
  MergedRun run;
  run.conflicts = find_conflicts(parts);
  if (!run.conflicts.empty()) return run;
  run.summary = merge_all(parts);
  const MergedParts& made = run.summary.parts.emplace(parts_of(parts));
  if (auto difference = start_difference(made)) run.differences.push_back(std::move(*difference));
  if (auto difference = clock_difference(made)) run.differences.push_back(std::move(*difference));
  Strings& notes = run.summary.notes;
  if (const auto missing = made.missing(); !missing.empty()) {
    notes.push_back(fmt::format("{} of {} {} missing: all figures are those of the others",
                                parts_text(missing), made.count, missing.size() == 1 ? "is" : "are"));
  }
  notes.insert(notes.end(), run.differences.begin(), run.differences.end());
  for (std::string& doubt : doubts_of_clocks(made)) notes.push_back(std::move(doubt));
  note_variety(parts, "versions", &Summary::version, notes);
  note_variety(parts, "against", &Summary::server, notes);
  for (std::string& note : notes_of(parts)) notes.push_back(std::move(note));
  return run;
}

}  // namespace k8scale::measure
