#include <algorithm>
#include <array>

#include "k8scale/blocks/report.h"
#include "k8scale/measure/report.h"

namespace k8scale::blocks {
namespace {

using Json = nlohmann::ordered_json;

double per_second(std::uint64_t count, base::Nanoseconds duration) {
  const double seconds = base::to_seconds(duration);
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

Json per_gigabyte(base::Nanoseconds cpu, std::uint64_t bytes) {
  if (bytes == 0) return nullptr;
  return static_cast<double>(cpu.count()) * 1e9 / static_cast<double>(bytes);
}

Json number_or_null(base::Nanoseconds time) {
  return time == base::Nanoseconds(0) ? Json() : Json(time.count());
}

Json times_json(const RequestTimes& times) {
  return {{"wait", measure::to_json(times.wait)},
          {"first_byte", measure::to_json(times.first_byte)},
          {"request", measure::to_json(times.request)},
          {"lateness", measure::to_json(times.lateness)}};
}

Json connection_json(const ConnectionFigures& figures, base::Nanoseconds duration) {
  return {{"number", figures.number},
          {"bytes", figures.bytes},
          {"bytes_per_second", per_second(figures.bytes, duration)},
          {"requests", figures.requests},
          {"failures", figures.failures},
          {"under_way", figures.under_way},
          {"resent", figures.resent},
          {"opened", figures.opened},
          {"resumed", figures.resumed},
          {"retransmits", figures.retransmits},
          {"round_trip_time", number_or_null(figures.round_trip_time)},
          {"protocol", measure::or_null(figures.protocol)},
          {"first_failure", measure::or_null(figures.first_failure)},
          {"last_failure", measure::or_null(figures.last_failure)},
          {"times", figures.times ? times_json(*figures.times) : Json()}};
}

Json total_json(const ClientFigures& figures, base::Nanoseconds duration) {
  return {{"bytes", figures.bytes},
          {"bytes_per_second", per_second(figures.bytes, duration)},
          {"requests", figures.requests},
          {"requests_per_second", per_second(figures.requests, duration)},
          {"failures", figures.failures},
          {"under_way", figures.under_way},
          {"resent", figures.resent},
          {"retransmits", figures.retransmits},
          {"cpu", figures.cpu.count()},
          {"cpu_per_gigabyte", per_gigabyte(figures.cpu, figures.bytes)},
          {"times", times_json(figures.times)}};
}

Json server_json(const base::Result<ServerSide>& server) {
  if (server.has_error()) return nullptr;
  return {{"bytes", server->bytes},
          {"requests", server->requests},
          {"retransmits", server->retransmits},
          {"cpu", server->cpu.count()},
          {"cpu_per_gigabyte", per_gigabyte(server->cpu, server->bytes)},
          {"lateness", measure::to_json(server->lateness)}};
}

Json facts_json(const RunFacts& facts) {
  return {{"version", facts.version},
          {"subcommand", "httperf"},
          {"server", measure::or_null(facts.server)},
          {"parameters", facts.parameters},
          {"started", measure::rfc3339_millis(facts.started)},
          {"duration", facts.duration.count()},
          {"interrupted", measure::or_null(facts.interrupted)}};
}

constexpr std::array counts = {"bytes", "requests", "retransmits", "cpu"};

bool has_counts(const Json& stats) {
  return stats.is_object() && std::ranges::all_of(counts, [&](const char* name) {
           return stats.contains(name) && stats[name].is_number_integer();
         });
}

bool falls(const Json& before, const Json& after) {
  return std::ranges::any_of(counts, [&](const char* name) {
    return after[name].get<std::uint64_t>() < before[name].get<std::uint64_t>();
  });
}

base::Failure no_figures(const char* why) { return {base::FailureKind::protocol, why}; }

// Empty when there is none that can be read.
measure::Histogram lateness_of(const Json& stats) {
  const Json lateness = stats.value("lateness", Json::object());
  const bool encoded =
      lateness.is_object() && lateness.contains("histogram") && lateness["histogram"].is_string();
  if (!encoded) return {};
  auto histogram = measure::Histogram::decode(lateness["histogram"].get<std::string>());
  return histogram ? std::move(*histogram) : measure::Histogram();
}

}  // namespace

base::Result<ServerSide> server_side(const Json& before, const Json& after) {
  if (!has_counts(before) || !has_counts(after)) return no_figures("it gave no figures");
  if (before.value("started", Json()) != after.value("started", Json()) || falls(before, after)) {
    return no_figures("no figures, as it was restarted meanwhile");
  }
  const auto difference = [&](const char* name) {
    return after[name].get<std::uint64_t>() - before[name].get<std::uint64_t>();
  };
  ServerSide side;
  side.bytes = difference("bytes");
  side.requests = difference("requests");
  side.retransmits = difference("retransmits");
  side.cpu = base::Nanoseconds(static_cast<std::int64_t>(difference("cpu")));
  side.lateness = lateness_of(after).since(lateness_of(before));
  return side;
}

Json to_json(const ClientReport& report) {
  Json json = facts_json(report.facts);
  json["warmup_failures"] = report.warmup_failures;
  json["total"] = total_json(report.figures, report.facts.duration);
  Json& connections = json["connections"] = Json::array();
  for (const ConnectionFigures& each : report.figures.connections) {
    connections.push_back(connection_json(each, report.facts.duration));
  }
  json["server_side"] = server_json(report.server);
  return json;
}

Json to_json(const ServerReport& report) {
  Json json = facts_json(report.facts);
  json["figures"] = to_json(report.figures);
  return json;
}

Json interval_json(base::SteadyTime run_start, const Totals& before, const Totals& now) {
  const base::Nanoseconds duration = now.when - before.when;
  const std::uint64_t bytes = now.client_bytes - before.client_bytes;
  const std::uint64_t server_bytes = now.server_bytes - before.server_bytes;
  return {{"start", base::to_seconds(before.when - run_start)},
          {"end", base::to_seconds(now.when - run_start)},
          {"bytes", bytes},
          {"bytes_per_second", per_second(bytes, duration)},
          {"requests", now.requests - before.requests},
          {"failures", now.failures - before.failures},
          {"server_bytes", server_bytes},
          {"server_bytes_per_second", per_second(server_bytes, duration)}};
}

}  // namespace k8scale::blocks
