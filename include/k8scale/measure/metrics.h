#pragma once
#include <span>
#include <string>

#include "k8scale/measure/exposition.h"
#include "k8scale/measure/process.h"
#include "k8scale/measure/recorder.h"

namespace k8scale::measure {

/// Prometheus' text exposition format:
///
/// | metric | type |
/// |---|---|
/// | `process_cpu_seconds_total` | counter |
/// | `process_resident_memory_bytes`, `process_virtual_memory_bytes` | gauges |
/// | `process_open_fds`, `process_max_fds`, `process_start_time_seconds` | gauges |
/// | `k8scale_operations_total{verb,outcome}` | counter: operations that ended |
/// | `k8scale_attempts_total{verb,outcome}` | counter: tries to send a request, retries among them |
/// | `k8scale_server_operations_total{server,verb,outcome}` | counter: the same by server, of several |
/// | `k8scale_response_time_seconds{verb}` | histogram: scheduled moment to the operation's end |
/// | `k8scale_service_time_seconds{verb}` | histogram: sending to the end, of each attempt |
/// | `k8scale_send_lag_seconds{verb}` | histogram: how late this program sent, of each attempt |
/// | `k8scale_in_flight` | gauge: operations that began and have not ended |
/// | `k8scale_population` | gauge: objects that exist because of this run |
/// | `k8scale_notification_time_seconds{verb}` | histogram: sending a write to its event, first watcher |
/// | `k8scale_last_notification_time_seconds{verb}` | histogram: the same, last watcher |
/// | `k8scale_missed_events_total{verb}` | counter: for each write, watchers that did not show it |
/// | `k8scale_events_total` | counter: events on all watches |
/// | `k8scale_duplicated_events_total`, `k8scale_reordered_events_total` | counters |
/// | `k8scale_relists_total` | counter: lists beyond a watcher's first |
/// | `k8scale_asked_rate`, `k8scale_achieved_rate` | gauges, per second |
///
/// A verb appears when the run has to do with it, with every outcome. Counts in buckets are to 0.1 % of the
/// bound. What watchers show is there when the run has some. `servers` are the URLs of Snapshot::servers.
[[nodiscard]] std::string metrics_text(const Snapshot& snapshot, const Pace& pace,
                                       const ProcessFigures& process,
                                       std::span<const std::string> servers = {});

}  // namespace k8scale::measure
