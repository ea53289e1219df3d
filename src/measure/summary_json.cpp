#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/files.h"
#include "k8scale/measure/summary.h"

namespace k8scale::measure {
namespace {

using Json = nlohmann::ordered_json;

std::string rfc3339_millis(base::WallTime time) {
  std::string text = base::format_utc_millis(time);
  std::replace(text.begin(), text.end(), ' ', 'T');
  return text + "Z";
}

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }
Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json to_json(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"min", histogram.min().count()},
          {"p50", histogram.quantile(0.5).count()},
          {"p90", histogram.quantile(0.9).count()},
          {"p99", histogram.quantile(0.99).count()},
          {"p99.9", histogram.quantile(0.999).count()},
          {"max", histogram.max().count()},
          {"mean", histogram.mean().count()},
          {"histogram", histogram.encode()}};
}

Json to_json(const CountByReason& counts) {
  Json made = Json::object();
  for (const auto& [reason, times] : counts) made[reason] = times;
  return made;
}

Json outcomes(const VerbTotals& totals) {
  Json made = Json::object();
  for (const Outcome outcome : all_outcomes) {
    if (totals.ended_as(outcome) > 0) made[std::string(name(outcome))] = totals.ended_as(outcome);
  }
  return made;
}

Json to_json(const VerbTotals& totals) {
  return {{"asked", totals.asked},
          {"started", totals.started},
          {"done", totals.done},
          {"ok", totals.ok()},
          {"failed", totals.failed()},
          {"attempts", totals.attempts},
          {"retries", totals.retries},
          {"errors", to_json(totals.errors)},
          {"retried", to_json(totals.retried)},
          {"outcomes", outcomes(totals)},
          {"rate", or_null(totals.rate())},
          {"scheduled_rate", or_null(totals.scheduled_rate())},
          {"bytes_sent", totals.bytes_sent},
          {"bytes_received", totals.bytes_received},
          {"response_time", to_json(totals.response_time)},
          {"service_time", to_json(totals.service_time)},
          {"send_lag", to_json(totals.send_lag)}};
}

Json operations(const Snapshot& snapshot) {
  Json made = Json::object();
  for (const Verb verb : all_verbs) {
    if (snapshot.of(verb).used()) made[std::string(name(verb))] = to_json(snapshot.of(verb));
  }
  return made;
}

Json rows(const std::optional<OperationLog::Totals>& totals) {
  if (!totals) return {};
  return {{"written", totals->rows_written},
          {"lost", totals->rows_lost},
          {"error", or_null(totals->first_error)}};
}

Json files(const std::vector<OutputFile>& written) {
  Json made = Json::array();
  for (const OutputFile& file : written) {
    made.push_back(Json{{"content", file.content}, {"path", file.path.string()}});
  }
  return made;
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
          {"parameters", summary.parameters},
          {"started", rfc3339_millis(summary.started)},
          {"ended", rfc3339_millis(summary.ended)},
          {"duration", summary.duration.count()},
          {"interrupted", or_null(summary.interrupted)},
          {"asked_rate", or_null(summary.asked_rate)},
          {"achieved_rate", or_null(summary.achieved_rate)},
          {"schedule_length", summary.schedule_length.count()},
          {"operations", operations(summary.totals)},
          {"response_time", to_json(summary.totals.response_time())},
          {"send_lag", to_json(summary.totals.send_lag())},
          {"cpu_per_operation", cpu ? Json(cpu->count()) : Json()},
          {"client", client(summary)},
          {"rows", rows(summary.rows)},
          {"files", files(summary.files)},
          {"warnings", summary.warnings()}};
}

base::Result<void> write_json(const std::filesystem::path& path, const Summary& summary) {
  // A server's reason may be any bytes; what is not UTF-8 becomes U+FFFD.
  const std::string text = to_json(summary).dump(2, ' ', false, Json::error_handler_t::replace);
  return base::write_file_whole(path, text + "\n");
}

}  // namespace k8scale::measure
