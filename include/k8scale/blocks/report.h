#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/blocks/client_figures.h"
#include "k8scale/blocks/server.h"

/// What a run of httperf comes to, for people and for programs.
namespace k8scale::blocks {

struct RunFacts {
  std::string version;                ///< of k8scale
  std::string server;                 ///< URL that was asked; empty: this was a server only
  nlohmann::ordered_json parameters;  ///< by the names of their flags
  base::WallTime started;             ///< when the measurement began, after the warm-up
  base::Nanoseconds duration{0};      ///< of the measurement
  std::string interrupted;            ///< the signal that ended it; empty: none did
  bool measured = true;               ///< false: that signal came before the measurement
};

/// What the asked server says of itself (`/stats`), from the begin of the measurement to its end.
struct ServerSide {
  std::uint64_t bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t retransmits = 0;
  base::Nanoseconds cpu{0};
  measure::Histogram lateness;  ///< from a block's due time to its sending
};
/// A failure (kind protocol) says why there is none: the two are not what `to_json(ServerFigures)` writes, or
/// not of one server.
[[nodiscard]] base::Result<ServerSide> server_side(const nlohmann::ordered_json& before,
                                                   const nlohmann::ordered_json& after);

struct ClientReport {
  RunFacts facts;
  ClientFigures figures;
  base::Result<ServerSide> server;    ///< a failure: why there is none
  std::uint64_t warmup_failures = 0;  ///< requests that failed before the measurement
};

/// A line for each connection (of many, only the total), the times, and the CPU of both sides for each GB.
void print_text(std::ostream& out, const ClientReport& report);
/// `version`, `subcommand`, `server`, `parameters`, `started`, `duration` (ns), `warmup_failures`,
/// `interrupted` (null: nothing); `total`: `bytes`, `bytes_per_second`, `requests`, `requests_per_second`,
/// `failures`, `under_way`, `resent`, `retransmits`, `cpu` (ns), `cpu_per_gigabyte` (ns), `times` with
/// `wait`, `first_byte`, `request`, `lateness`, each as in measure/report.h; `connections`: a list with
/// `number`, `bytes`, `bytes_per_second`, `requests`, `failures`, `under_way`, `resent`, `opened`, `resumed`,
/// `retransmits`, `round_trip_time` (ns, null: not known), `protocol`, `first_failure` and `last_failure`
/// (null: none), `times` (null when there are more than 64 connections); `server_side` (null: there is none):
/// `bytes`, `requests`, `retransmits`, `cpu`, `cpu_per_gigabyte`, `lateness`.
[[nodiscard]] nlohmann::ordered_json to_json(const ClientReport& report);

struct ServerReport {
  RunFacts facts;
  ServerFigures figures;
};
void print_text(std::ostream& out, const ServerReport& report);
/// The facts as above, and `figures`.
[[nodiscard]] nlohmann::ordered_json to_json(const ServerReport& report);

/// Totals at one moment; two of them make an interval.
struct Totals {
  base::SteadyTime when;
  std::uint64_t client_bytes = 0;
  std::uint64_t server_bytes = 0;
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
};
/// "clientBytes=… clientRate=…/s serverBytes=… serverRate=…/s": totals, and rates since `before` in bytes per
/// second.
[[nodiscard]] std::string interval_text(const Totals& before, const Totals& now);
/// `start` and `end` in seconds after `run_start`, and of the time between: `bytes`, `bytes_per_second`,
/// `requests`, `failures` of the client, `server_bytes` and `server_bytes_per_second` of this process'
/// server.
[[nodiscard]] nlohmann::ordered_json interval_json(base::SteadyTime run_start, const Totals& before,
                                                   const Totals& now);

}  // namespace k8scale::blocks
