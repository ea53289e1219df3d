#pragma once
#include <string>

#include "k8scale/kube/reflector.h"
#include "k8scale/measure/process.h"
#include "k8scale/measure/row_log.h"
#include "k8scale/observe/logger.h"

namespace k8scale::observe {

/// All that is shown of a logger while it runs.
struct LoggerState {
  LoggerSnapshot logger;
  kube::ReflectorCounters reflector;
  measure::RowLog::Totals rows;
};

/// What all its series are told apart by.
struct LoggerIdentity {
  std::string plural;   ///< "configmaps", in the names of the original's metrics
  std::string address;  ///< label `logger`
};

/// Prometheus' text exposition format. The original's metrics, with label `logger`:
///
/// | metric | type |
/// |---|---|
/// | `scaletest_PLURAL_create_latency_seconds` | histogram: dequeue time − createTimestamp annotation |
/// | `scaletest_PLURAL_update_latency_seconds` | histogram: dequeue time − updateTimestamp annotation |
/// | `scaletest_PLURAL_updates` | counter: dequeues that stand for exactly one update |
/// | `scaletest_PLURAL_stranges` | counter: dequeues that stand for other than one event |
/// | `scaletest_PLURAL_duplicates` | counter: dequeues that found what was seen before |
/// | `scaletest_PLURAL_resourceVersion` | gauge: latest seen |
///
/// each histogram with one observation of 0 from the start; and k8scale's own:
///
/// | metric | type |
/// |---|---|
/// | `process_…` | as of the drivers |
/// | `k8scale_events_total{type}` | counter: events of the watch, by type |
/// | `k8scale_listed_objects_total` | counter: objects in lists |
/// | `k8scale_duplicated_events_total`, `k8scale_reordered_events_total` | counters |
/// | `k8scale_missed_changes{change}` | gauge: changes that no event has told of; what comes late counts no
/// more |
/// | `k8scale_relists_total`, `k8scale_watches_total`, `k8scale_resumes_total` | counters |
/// | `k8scale_expired_total`, `k8scale_garbage_total` | counters: 410s, and pieces that made no sense |
/// | `k8scale_watch_errors_total{reason}` | counter |
/// | `k8scale_received_bytes_total` | counter: of HTTP bodies |
/// | `k8scale_dequeues_total{operation}` | counter |
/// | `k8scale_queue_wait_seconds` | histogram: first enqueue to dequeue |
/// | `k8scale_queue_length`, `k8scale_objects` | gauges |
/// | `k8scale_rows_total{outcome}` | counter: rows written, lost |
[[nodiscard]] std::string metrics_text(const LoggerState& state, const LoggerIdentity& identity,
                                       const measure::ProcessFigures& process);

}  // namespace k8scale::observe
