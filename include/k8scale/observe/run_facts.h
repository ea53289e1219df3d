#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/measure/process.h"
#include "k8scale/measure/report.h"
#include "k8scale/observe/audit.h"
#include "k8scale/observe/log_totals.h"

namespace k8scale::observe {

/// What the summaries of loggers and watchers say of the run itself.
struct RunFacts {
  std::string version;     ///< of k8scale
  std::string subcommand;  ///< "cm-logger"
  std::string server;      ///< URL
  std::string resource;    ///< "configmaps", "flunders.wardle.example.com"
  nlohmann::ordered_json parameters = nlohmann::ordered_json::object();  ///< flag to value, in their order
  base::WallTime started;
  base::WallTime ended;
  base::Nanoseconds duration{0};  ///< by the steady clock
  std::string interrupted;        ///< the signal, "SIGINT"; empty: ended by itself
  measure::ProcessFigures process;
  std::vector<measure::FaultCount> faults;  ///< of the built-in server's rules
  std::vector<measure::OutputFile> files;
  std::vector<std::string> notes;  ///< warnings of the caller
};

/// "k8scale cm-logger, configmaps of https://…", and when.
void print_head(std::ostream& out, const RunFacts& facts);
/// What the run cost this program, and the files.
void print_tail(std::ostream& out, const RunFacts& facts);

/// An object with `schema`, `tool`, `version`, `subcommand`, `server`, `resource`, `parameters`, `started`,
/// `ended`, `duration`, `interrupted`, `client`, `faults` and `files`, as in k8scale.summary/1.
[[nodiscard]] nlohmann::ordered_json to_json(const RunFacts& facts, const std::string& schema);

/// The times, as all are, and `negative`.
[[nodiscard]] nlohmann::ordered_json to_json(const NotificationLatency& latency);
/// What a reader must know of latencies below 0; empty when there are none.
[[nodiscard]] std::string negative_warning(const NotificationLatency& create,
                                           const NotificationLatency& update);

[[nodiscard]] std::string audit_text(const AuditCounts& audit);
[[nodiscard]] nlohmann::ordered_json to_json(const AuditCounts& audit);
/// The sentence that a reader must know; empty when nothing was found.
[[nodiscard]] std::string audit_warning(const AuditCounts& audit);

}  // namespace k8scale::observe
