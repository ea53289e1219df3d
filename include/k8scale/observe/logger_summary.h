#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "k8scale/observe/logger_metrics.h"
#include "k8scale/observe/run_facts.h"

namespace k8scale::observe {

/// What a logger's run came to; text and JSON are two views of it.
struct LoggerSummary {
  RunFacts facts;
  LoggerState state;

  /// What a reader must know before believing the numbers.
  [[nodiscard]] std::vector<std::string> warnings() const;
};

/// For people: what was watched, events by type, dequeues, a table of times, the watch, the audit, what it
/// cost, the files, the warnings.
void print_text(std::ostream& out, const LoggerSummary& summary);

/// For programs: what `to_json(RunFacts)` gives under the schema "k8scale.logger/1", and
///
/// | key | value |
/// |---|---|
/// | `events` | `added`, `modified`, `deleted`, `bookmarks` of the watch, `listed` objects in lists |
/// | `objects`, `last_version`, `synced` | that exist; the latest version seen; whether a list was complete |
/// | `dequeues` | `create`, `update`, `delete`, and of them `duplicates`, `single_updates`, `stranges` |
/// | `queue_wait` | times from a key's first enqueue to its dequeue |
/// | `notification_latency` | `create`, `update`: times from the driver's annotation to the dequeue, below |
/// | `watch` | `lists`, `relists`, `watches`, `resumes`, `expired`, `garbage`, `bytes`, `errors` by reason |
/// | `audit` | `duplicated`, `reordered`, `missed` (`creates`, `updates`, `deletes`) |
/// | `rows` | `written`, `lost`, `error` (null: none) |
/// | `warnings` | list of sentences |
///
/// Notification latency is counted of changes that events told and that were dequeued one at a time;
/// `negative` says how many were below 0.
/// Durations are integers in nanoseconds; times are as in k8scale.summary/1.
[[nodiscard]] nlohmann::ordered_json to_json(const LoggerSummary& summary);

}  // namespace k8scale::observe
