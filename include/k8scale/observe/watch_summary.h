#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/kube/reflector.h"
#include "k8scale/measure/process.h"
#include "k8scale/observe/fan_out.h"
#include "k8scale/observe/run_facts.h"

namespace k8scale::observe {

/// All that is shown of watchers while they run.
struct WatchState {
  FanOutTotals totals;
  kube::ReflectorCounters reflectors;  ///< of all together
};

/// Adds what `from` counted.
void add(kube::ReflectorCounters& to, const kube::ReflectorCounters& from);

/// What a run of watchers came to; text and JSON are two views of it.
struct WatchSummary {
  RunFacts facts;
  WatchState state;
  base::SteadyTime start;  ///< the first watch was asked for
  // Resident bytes before there was a watch, and before they were closed.
  std::uint64_t resident_before = 0;
  std::uint64_t resident_with_watches = 0;

  /// From `start` until every watch was open; nothing when some never were.
  [[nodiscard]] std::optional<base::Nanoseconds> open_time() const;
  /// Events per second on all watches, from the first to the last.
  [[nodiscard]] std::optional<double> event_rate() const {
    return state.totals.received.rate(state.totals.events);
  }
  /// Resident bytes for each watch.
  [[nodiscard]] std::uint64_t resident_for_each() const;
  /// What a reader must know before believing the numbers.
  [[nodiscard]] std::vector<std::string> warnings() const;
};

void print_text(std::ostream& out, const WatchSummary& summary);

/// For programs: what `to_json(RunFacts)` gives under the schema "k8scale.watch/1", and
///
/// | key | value |
/// |---|---|
/// | `watches`, `opened` | that were asked for, and that were opened |
/// | `open_time` | ns until every watch was open; null when some never were |
/// | `events`, `versions` | on all watches; different ones |
/// | `events_by_type` | `added`, `modified`, `deleted` of the events, and `bookmarks` |
/// | `event_rate` | events per second on all watches, from the first to the last; or null |
/// | `spread` | times from the first watch that showed an event to each that did |
/// | `notification_latency` | `create`, `update`: times, and `negative`, how many were below 0; or null |
/// | `audit` | `duplicated`, `reordered`, `missed`, `behind` (not shown by the end), `relists` |
/// | `watch` | of all: `lists`, `watches`, `resumes`, `expired`, `garbage`, `bytes`, `errors` by reason |
/// | `resident_for_each` | bytes |
/// | `warnings` | list of sentences |
///
/// A notification latency is from the driver's annotation to the event, by two clocks; null with several
/// watches.
[[nodiscard]] nlohmann::ordered_json to_json(const WatchSummary& summary);

/// Prometheus' text exposition format: `process_…`; gauges `k8scale_watches`, `k8scale_opened_watches`,
/// `k8scale_missed_events` (one that comes late counts no more); counters `k8scale_events_total{type}`,
/// `k8scale_duplicated_events_total`, `k8scale_reordered_events_total`, `k8scale_relists_total`, and of the
/// lists and watches what a logger has too (logger_metrics.h); histogram `k8scale_spread_seconds`, and of a
/// single watch `k8scale_create_notification_seconds` and `k8scale_update_notification_seconds`.
[[nodiscard]] std::string metrics_text(const WatchState& state, const measure::ProcessFigures& process);

}  // namespace k8scale::observe
