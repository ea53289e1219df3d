#include "k8scale/measure/summary.h"

namespace k8scale::measure {
namespace {

using Json = nlohmann::ordered_json;

Json rate_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json outcomes(const VerbTotals& totals) {
  Json made = Json::object();
  for (const Outcome outcome : all_outcomes) {
    if (totals.ended_as(outcome) > 0) made[std::string(name(outcome))] = totals.ended_as(outcome);
  }
  return made;
}

Json span_json(const Span& span, base::SteadyTime start) {
  if (span.first > span.last) return {};
  return {(span.first - start).count(), (span.last - start).count()};
}

Json part_json(const RunPart& part) {
  const auto& clock = part.server_clock;
  return {
      {"index", part.index},
      {"count", part.count},
      {"agreed_start", part.agreed_start ? Json(rfc3339_millis(*part.agreed_start)) : Json()},
      {"server_clock_ahead",
       clock ? Json{{"at_least", clock->at_least.count()}, {"at_most", clock->at_most.count()}} : Json()}};
}

Json parts_json(const MergedParts& parts) {
  Json merged = Json::array();
  for (const MergedPart& each : parts.merged) {
    Json one = part_json(each.part);
    one["source"] = each.source;
    one["started_ns"] = each.started.time_since_epoch().count();
    merged.push_back(std::move(one));
  }
  return {{"count", parts.count}, {"missing", parts.missing()}, {"merged", std::move(merged)}};
}

Json verb_json(const VerbTotals& totals, base::SteadyTime start, bool watched) {
  Json made = {{"asked", totals.asked},
               {"started", totals.started},
               {"done", totals.done},
               {"ok", totals.ok()},
               {"failed", totals.failed()},
               {"attempts", totals.attempts},
               {"retries", totals.retries},
               {"errors", to_json(totals.errors)},
               {"retried", to_json(totals.retried)},
               {"outcomes", outcomes(totals)},
               {"rate", rate_json(totals.rate())},
               {"scheduled_rate", rate_json(totals.scheduled_rate())},
               {"scheduled", span_json(totals.scheduled, start)},
               {"ended", span_json(totals.ended, start)},
               {"ended_well", span_json(totals.ended_well, start)},
               {"bytes_sent", totals.bytes_sent},
               {"bytes_received", totals.bytes_received},
               {"response_time", to_json(totals.response_time)},
               {"service_time", to_json(totals.service_time)},
               {"send_lag", to_json(totals.send_lag)},
               {"late", totals.late},
               {"own_lag", to_json(totals.own_lag)}};
  if (!watched) return made;
  made["seen"] = totals.seen;
  made["missed"] = totals.missed;
  made["seen_without_answer"] = totals.seen_without_answer;
  made["notification_time"] = {{"first", to_json(totals.first_notification_time)},
                               {"last", to_json(totals.last_notification_time)}};
  return made;
}

Json operations(const Snapshot::ByVerb& verbs, base::SteadyTime start, bool watched) {
  Json made = Json::object();
  for (const Verb verb : all_verbs) {
    const VerbTotals& totals = verbs[static_cast<std::size_t>(verb)];
    if (!totals.used()) continue;
    Json& one = made[std::string(name(verb))] = verb_json(totals, start, watched && writes(verb));
    if (verb == Verb::list) one["items"] = totals.items;
  }
  return made;
}

Json servers(const Summary& summary) {
  Json made = Json::array();
  for (std::size_t i = 0; i < summary.totals.servers.size() && i < summary.servers.size(); ++i) {
    Json one = {{"url", summary.servers[i]},
                {"operations", operations(summary.totals.servers[i], summary.start, false)}};
    for (auto& [verb, totals] : one["operations"].items()) {
      totals.erase("asked");
      totals.erase("started");
    }
    made.push_back(std::move(one));
  }
  return made;
}

Json watch(const Summary& summary) {
  const WatchTotals& totals = summary.totals.watch;
  if (totals.watchers == 0) return {};
  return {{"watchers", totals.watchers},         {"events", totals.events},
          {"missed", summary.totals.missed()},   {"duplicated", totals.duplicated},
          {"reordered", totals.reordered},       {"relists", totals.relists},
          {"not_followed", totals.not_followed}, {"cpu", summary.watch_cpu.count()},
          {"rows", to_json(summary.seen_rows)}};
}

Json client(const Summary& summary) {
  return {{"shard_cpu", summary.shard_cpu.count()},
          {"process_cpu", summary.process.cpu.count()},
          {"resident_bytes", summary.process.resident_bytes},
          {"peak_resident_bytes", summary.process.peak_resident_bytes}};
}

}  // namespace

Json to_json(const Summary& summary) {
  const auto cpu = summary.cpu_per_operation();
  return {{"schema", "k8scale.summary/1"},
          {"tool", "k8scale"},
          {"version", summary.version},
          {"subcommand", summary.subcommand},
          {"server", {{"url", summary.server}, {"version", summary.server_version}}},
          {"run_id", summary.run_id},
          {"seed", summary.seed},
          {"part", summary.part ? part_json(*summary.part) : Json()},
          {"parts", summary.parts ? parts_json(*summary.parts) : Json()},
          {"parameters", summary.parameters},
          {"started", rfc3339_millis(summary.started)},
          {"started_ns", summary.started.time_since_epoch().count()},
          {"ended", rfc3339_millis(summary.ended)},
          {"duration", summary.duration.count()},
          {"interrupted", or_null(summary.interrupted)},
          {"paced", summary.paced},
          {"paced_verb", summary.paced_verb ? Json(name(*summary.paced_verb)) : Json()},
          {"asked_rate", rate_json(summary.asked_rate)},
          {"achieved_rate", rate_json(summary.achieved_rate)},
          {"schedule_length", summary.schedule_length.count()},
          {"operations", operations(summary.totals.verbs, summary.start, summary.totals.watch.watchers > 0)},
          {"servers", servers(summary)},
          {"response_time", to_json(summary.totals.response_time())},
          {"send_lag", to_json(summary.totals.send_lag())},
          {"cpu_per_operation", cpu ? Json(cpu->count()) : Json()},
          {"client", client(summary)},
          {"rows", to_json(summary.rows)},
          {"watch", watch(summary)},
          {"faults", to_json(summary.faults)},
          {"files", to_json(summary.files)},
          {"warnings", summary.warnings()}};
}

base::Result<void> write_json(const std::filesystem::path& path, const Summary& summary) {
  return write_json(path, to_json(summary));
}

}  // namespace k8scale::measure
