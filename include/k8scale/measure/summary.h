#pragma once
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/measure/csv.h"
#include "k8scale/measure/process.h"
#include "k8scale/measure/recorder.h"
#include "k8scale/measure/report.h"
#include "k8scale/measure/run_part.h"

namespace k8scale::measure {

/// What a run came to. The caller fills it once, at the end; text and JSON are two views of it.
struct Summary {
  std::string version;               ///< of k8scale
  std::string subcommand;            ///< "cmdriver"
  std::string server;                ///< URL
  std::vector<std::string> servers;  ///< URLs, in the order of `totals.servers`, when there are several
  std::string server_version;
  std::string run_id;
  std::uint64_t seed = 0;
  std::optional<RunPart> part;       ///< of the run that this is, when processes share it
  std::optional<MergedParts> parts;  ///< that this was merged from
  nlohmann::ordered_json parameters = nlohmann::ordered_json::object();  ///< flag to value, in their order
  base::WallTime started;
  base::SteadyTime start;  ///< the same moment on the clock of the totals
  base::WallTime ended;
  base::Nanoseconds duration{0};         ///< by the steady clock
  std::string interrupted;               ///< the signal, "SIGINT"; empty: ran to its end
  std::optional<Verb> paced_verb;        ///< of the schedule's operations; nothing: all
  std::optional<double> asked_rate;      ///< operations of the schedule per second, as asked
  std::optional<double> achieved_rate;   ///< and as they came to be
  base::Nanoseconds schedule_length{0};  ///< from the start of the run to the last scheduled moment
  Snapshot totals;                       ///< of all shards
  base::Nanoseconds shard_cpu{0};  ///< CPU time of the shards' threads, which is what operations cost us
  ProcessFigures process;
  base::Nanoseconds watch_cpu{0};            ///< CPU time of the thread that watches what the run writes
  std::optional<OperationLog::Totals> rows;  ///< nothing when no rows were to be written
  std::optional<RowLog::Totals> seen_rows;   ///< the same of those that say what watchers showed
  /// Whether the schedule said when each operation should begin; else its response time begins when it is
  /// sent first.
  bool paced = true;
  std::vector<FaultCount> faults;  ///< of the built-in server's rules
  std::vector<OutputFile> files;
  std::vector<std::string> notes;  ///< warnings of the caller

  /// Fills in achieved_rate and schedule_length from the totals without what cleaned up after the schedule.
  void set_pace(const Snapshot& driven);
  /// shard_cpu for each operation that ended; nothing when none did.
  [[nodiscard]] std::optional<base::Nanoseconds> cpu_per_operation() const;
  /// What a reader must know before believing the numbers: `notes`, lost rows, that over 1 % of the
  /// operations failed, events that the watches missed, doubled or showed out of order, and that this program
  /// was the bottleneck, which is so when of 100 operations or more the p99 of own_lag is over 2 ms and over
  /// a fifth of the p99 of response time, and over 1 % were sent over 2 ms late by its own doing.
  [[nodiscard]] std::vector<std::string> warnings() const;
};

/// For people: what was run, a table of counts, errors by reason, a table of times, each named, what it cost
/// this program, the files, the warnings.
void print_text(std::ostream& out, const Summary& summary);

/// For programs. Durations are integers in nanoseconds, rates are per second and null when fewer than two
/// operations ended, moments are RFC 3339 in UTC with milliseconds, sizes are bytes. New keys may be added
/// under the same schema id; a key's meaning does not change.
///
/// | key | value |
/// |---|---|
/// | `schema` | "k8scale.summary/1" |
/// | `tool`, `version`, `subcommand` | "k8scale", its version, what was run |
/// | `server` | `url` and `version` |
/// | `run_id` | |
/// | `seed` | above 2^53 only when that was asked for; SEED in the parameter file has each as text |
/// | `part` | which process of several this is: below; null when merged |
/// | `parts` | what was merged: below; null when nothing was |
/// | `parameters` | flag → value, in the order of the help text |
/// | `started`, `ended`, `duration` | |
/// | `started_ns` | the moment `started`, in nanoseconds since 1970 |
/// | `interrupted` | the signal's name, or null when the run came to its end |
/// | `paced` | whether operations had a scheduled moment; else response time begins with the sending |
/// | `paced_verb` | the verb of the schedule's operations; null: of all |
/// | `asked_rate`, `achieved_rate` | operations of the schedule per second, of this part, or null |
/// | `schedule_length` | from the start to the last scheduled moment |
/// | `operations` | verb → totals, below; only verbs that the run has to do with |
/// | `servers` | when there are several: a list of `url` and `operations`, whose totals have no `asked` |
/// | `response_time`, `send_lag` | times, below, of all verbs together |
/// | `cpu_per_operation` | CPU time of the shards' threads for each operation that ended, or null |
/// | `client` | `shard_cpu`, `process_cpu`, `resident_bytes`, `peak_resident_bytes` |
/// | `rows` | `written`, `lost`, `error` (null: none); or null when no rows were asked for |
/// | `watch` | what the run's own watches showed, below; null without --observe |
/// | `faults` | what rules of --fault did: a list of `rule`, `met` and `injected` |
/// | `files` | list of `content` ("rows", "parameters", "summary", "seen") and `path` |
/// | `warnings` | list of sentences |
///
/// A part:
///
/// | key | value |
/// |---|---|
/// | `index`, `count` | this is the index-th, from 1, of so many |
/// | `agreed_start` | when all were to begin; null: nobody said |
/// | `server_clock_ahead` | `at_least`, `at_most`: of this machine's clock; null: not known |
///
/// and parts:
///
/// | key | value |
/// |---|---|
/// | `count` | of the run |
/// | `missing` | list of the index of those that were not merged |
/// | `merged` | list of parts as above, each with `source` (a file, a ConfigMap) and `started_ns` |
///
/// Totals of a verb:
///
/// | key | value |
/// |---|---|
/// | `asked`, `started`, `done` | operations that the schedule asks for (of a mix: has drawn), begun, ended |
/// | `ok`, `failed` | operations that ended well, badly |
/// | `attempts`, `retries` | tries to send, and those beyond an operation's first |
/// | `errors` | reason → operations that ended with it |
/// | `retried` | reason → attempts that ended with it and were followed by another |
/// | `outcomes` | outcome → operations, only those that occurred |
/// | `rate` | ended operations per second, from the first end to the last |
/// | `scheduled_rate` | the same, from the first scheduled moment to the last |
/// | `scheduled`, `ended`, `ended_well` | [first, last] of such moments, from the start of the run; or null |
/// | `bytes_sent`, `bytes_received` | of HTTP, without TLS |
/// | `items` | of a list's answers, all together |
/// | `response_time` | times from the scheduled moment to the end, of each operation sent and not cancelled |
/// | `service_time` | times from sending to the end, of each attempt sent and not cancelled |
/// | `send_lag` | times from when an attempt was due to when it was sent |
/// | `late` | attempts over 2 ms late by this program's doing: not for want of a connection it could open |
/// | `own_lag` | times: of send lag, what was this program's doing |
///
/// and for a verb that writes, with --observe:
///
/// | key | value |
/// |---|---|
/// | `seen` | writes that ended well and that every watcher showed |
/// | `missed` | watchers that did not show a write, or had to list again after it, over all that ended well |
/// | `seen_without_answer` | writes whose answer was lost and whose event came |
/// | `notification_time` | `first`, `last`: times from sending to the event at the first, the last watcher |
///
/// `first` counts each write that ended well and that some watcher showed, `last` those that all showed.
/// An event may come before the answer: its notification time is then less than the service time.
///
/// Watch:
///
/// | key | value |
/// |---|---|
/// | `watchers` | watches, each on a connection of its own |
/// | `events` | on all of them, also of objects of others |
/// | `missed` | of all verbs |
/// | `duplicated` | events whose version the same watch had shown before |
/// | `reordered` | events that came after one of a higher version on the same watch |
/// | `relists` | lists beyond each watcher's first |
/// | `not_followed` | writes that were not waited for: 200,000 others were, or the answer had no version |
/// | `cpu` | CPU time of the thread that watches |
/// | `rows` | as above, of the file "seen" |
///
/// Times: `count`, `min`, `p50`, `p90`, `p99`, `p99.9`, `max`, `mean` (integers, ns, to 0.1 %; min and max
/// exact), and `histogram`, the whole distribution in HdrHistogram's V2 compressed encoding, base64, unit ns.
[[nodiscard]] nlohmann::ordered_json to_json(const Summary& summary);

/// Writes the JSON, whole or not at all.
[[nodiscard]] base::Result<void> write_json(const std::filesystem::path& path, const Summary& summary);

}  // namespace k8scale::measure
