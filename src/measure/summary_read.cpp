#include "k8scale/measure/summary_read.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace k8scale::measure {
namespace {

using Json = nlohmann::ordered_json;

// Thrown within this file, like what nlohmann throws for a key that is missing or of another type.
struct Unreadable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

base::Nanoseconds nanoseconds(const Json& json) { return base::Nanoseconds(json.get<std::int64_t>()); }

std::string text_or_empty(const Json& json) {
  return json.is_null() ? std::string() : json.get<std::string>();
}

template <class T>
std::optional<T> optional(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<T>());
}

base::WallTime moment(const Json& json) {
  const auto& text = json.get_ref<const std::string&>();
  if (const auto parsed = base::parse_rfc3339(text)) return *parsed;
  throw Unreadable(fmt::format("found {}, expected a moment of RFC 3339", json.dump()));
}

Histogram histogram(const Json& json) {
  base::Result<Histogram> decoded = Histogram::decode(json.at("histogram").get_ref<const std::string&>());
  if (decoded.has_error()) throw Unreadable(decoded.error().detail());
  const auto count = json.at("count").get<std::uint64_t>();
  if (decoded->count() != count) {
    throw Unreadable(fmt::format("a histogram of {} values, expected {}", decoded->count(), count));
  }
  decoded->set_exact(nanoseconds(json.at("min")), nanoseconds(json.at("max")), nanoseconds(json.at("mean")));
  return std::move(*decoded);
}

CountByReason counts(const Json& json) {
  CountByReason made;
  for (const auto& [reason, times] : json.items()) made[reason] = times.get<std::uint64_t>();
  return made;
}

Span span(const Json& json, base::SteadyTime start) {
  if (json.is_null()) return {};
  return {start + nanoseconds(json.at(0)), start + nanoseconds(json.at(1))};
}

void read_outcomes(const Json& json, VerbTotals& totals) {
  for (const Outcome outcome : all_outcomes) {
    const auto found = json.find(name(outcome));
    if (found != json.end()) {
      totals.operations_by_outcome[static_cast<std::size_t>(outcome)] = found->get<std::uint64_t>();
    }
  }
}

VerbTotals verb_totals(const Json& json, base::SteadyTime start) {
  VerbTotals totals;
  totals.asked = json.value("asked", std::uint64_t{0});  // totals of a server lack these two
  totals.started = json.value("started", std::uint64_t{0});
  json.at("done").get_to(totals.done);
  json.at("attempts").get_to(totals.attempts);
  json.at("retries").get_to(totals.retries);
  read_outcomes(json.at("outcomes"), totals);
  totals.errors = counts(json.at("errors"));
  totals.retried = counts(json.at("retried"));
  json.at("bytes_sent").get_to(totals.bytes_sent);
  json.at("bytes_received").get_to(totals.bytes_received);
  totals.items = json.value("items", std::uint64_t{0});
  totals.response_time = histogram(json.at("response_time"));
  totals.service_time = histogram(json.at("service_time"));
  totals.send_lag = histogram(json.at("send_lag"));
  totals.late = json.value("late", std::uint64_t{0});
  const auto own_lag = json.find("own_lag");  // not of every version that wrote this schema
  totals.own_lag = own_lag == json.end() ? totals.send_lag : histogram(*own_lag);
  totals.scheduled = span(json.at("scheduled"), start);
  totals.ended = span(json.at("ended"), start);
  totals.ended_well = span(json.at("ended_well"), start);
  const auto notification = json.find("notification_time");
  if (notification == json.end()) return totals;
  json.at("seen").get_to(totals.seen);
  json.at("missed").get_to(totals.missed);
  json.at("seen_without_answer").get_to(totals.seen_without_answer);
  totals.first_notification_time = histogram(notification->at("first"));
  totals.last_notification_time = histogram(notification->at("last"));
  return totals;
}

Snapshot::ByVerb by_verb(const Json& json, base::SteadyTime start) {
  Snapshot::ByVerb made;
  for (const auto& [key, totals] : json.items()) {
    const std::optional<Verb> verb = parse_verb(key);
    if (!verb) throw Unreadable(fmt::format("operations: found {}, expected a verb", Json(key).dump()));
    made[static_cast<std::size_t>(*verb)] = verb_totals(totals, start);
  }
  return made;
}

std::optional<RowLog::Totals> rows(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return RowLog::Totals{json.at("written").get<std::uint64_t>(), json.at("lost").get<std::uint64_t>(),
                        text_or_empty(json.at("error"))};
}

std::optional<RunPart> part(const Json& json) {
  if (json.is_null()) return std::nullopt;
  constexpr std::uint64_t most_parts = 10'000;
  RunPart made{json.at("index").get<std::uint64_t>(), json.at("count").get<std::uint64_t>(), {}, {}};
  if (made.index < 1 || made.index > made.count || made.count > most_parts) {
    throw Unreadable(fmt::format("found part {} of {}, expected 1 <= index <= count <= {}", made.index,
                                 made.count, most_parts));
  }
  if (const Json& start = json.at("agreed_start"); !start.is_null()) made.agreed_start = moment(start);
  if (const Json& clock = json.at("server_clock_ahead"); !clock.is_null()) {
    made.server_clock = ClockDifference{nanoseconds(clock.at("at_least")), nanoseconds(clock.at("at_most"))};
  }
  return made;
}

void read_watch(const Json& json, Summary& summary) {
  if (json.is_null()) return;
  WatchTotals& watch = summary.totals.watch;
  json.at("watchers").get_to(watch.watchers);
  json.at("events").get_to(watch.events);
  json.at("duplicated").get_to(watch.duplicated);
  json.at("reordered").get_to(watch.reordered);
  json.at("relists").get_to(watch.relists);
  json.at("not_followed").get_to(watch.not_followed);
  summary.watch_cpu = nanoseconds(json.at("cpu"));
  summary.seen_rows = rows(json.at("rows"));
}

void read_totals(const Json& json, Summary& summary) {
  summary.totals.verbs = by_verb(json.at("operations"), summary.start);
  for (const Json& each : json.at("servers")) {
    summary.servers.push_back(each.at("url").get<std::string>());
    summary.totals.servers.push_back(by_verb(each.at("operations"), summary.start));
  }
  read_watch(json.at("watch"), summary);
}

void read_pace(const Json& json, Summary& summary) {
  json.at("paced").get_to(summary.paced);
  if (const Json& verb = json.at("paced_verb"); !verb.is_null()) {
    summary.paced_verb = parse_verb(verb.get_ref<const std::string&>());
  }
  summary.asked_rate = optional<double>(json.at("asked_rate"));
  summary.achieved_rate = optional<double>(json.at("achieved_rate"));
  summary.schedule_length = nanoseconds(json.at("schedule_length"));
}

void read_client(const Json& json, Summary& summary) {
  summary.shard_cpu = nanoseconds(json.at("shard_cpu"));
  summary.process.cpu = nanoseconds(json.at("process_cpu"));
  json.at("resident_bytes").get_to(summary.process.resident_bytes);
  json.at("peak_resident_bytes").get_to(summary.process.peak_resident_bytes);
}

Summary summary_of(const Json& json) {
  constexpr std::string_view schema = "k8scale.summary/1";
  const std::string found = json.value("schema", "");
  if (found != schema) {
    throw Unreadable(fmt::format("found schema {}, expected {}", Json(found).dump(), schema));
  }
  Summary summary;
  json.at("version").get_to(summary.version);
  json.at("subcommand").get_to(summary.subcommand);
  json.at("server").at("url").get_to(summary.server);
  json.at("server").at("version").get_to(summary.server_version);
  json.at("run_id").get_to(summary.run_id);
  json.at("seed").get_to(summary.seed);
  summary.part = part(json.at("part"));
  summary.parameters = json.at("parameters");
  summary.started = base::WallTime(nanoseconds(json.at("started_ns")));
  summary.start = base::SteadyTime(nanoseconds(json.at("started_ns")));
  summary.ended = moment(json.at("ended"));
  summary.duration = nanoseconds(json.at("duration"));
  summary.interrupted = text_or_empty(json.at("interrupted"));
  read_pace(json, summary);
  read_totals(json, summary);
  read_client(json.at("client"), summary);
  summary.rows = rows(json.at("rows"));
  for (const Json& fault : json.at("faults")) {
    summary.faults.push_back({fault.at("rule").get<std::string>(), fault.at("met").get<std::uint64_t>(),
                              fault.at("injected").get<std::uint64_t>()});
  }
  for (const Json& file : json.at("files")) {
    summary.files.push_back({file.at("content").get<std::string>(), file.at("path").get<std::string>()});
  }
  json.at("warnings").get_to(summary.notes);
  return summary;
}

}  // namespace

base::Result<Summary> read_summary(std::string_view json) {
  try {
    return summary_of(Json::parse(json));
  } catch (const Unreadable& error) {
    return base::Failure(base::FailureKind::protocol,
                         fmt::format("not the summary of a driver's run: {}", error.what()));
  } catch (const nlohmann::json::exception& error) {
    const std::string_view text = error.what();  // "[json.exception.out_of_range.403] key 'x' not found"
    const std::size_t end = text.find("] ");
    return base::Failure(base::FailureKind::protocol,
                         fmt::format("not the summary of a driver's run: {}",
                                     end == std::string_view::npos ? text : text.substr(end + 2)));
  }
}

}  // namespace k8scale::measure
