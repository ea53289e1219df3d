#pragma once
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
/// | `k8scale_attempts_total{verb,outcome}` | counter: requests, retries among them |
/// | `k8scale_response_time_seconds{verb}` | histogram: scheduled moment to the operation's end |
/// | `k8scale_service_time_seconds{verb}` | histogram: sending to the end, of each attempt |
/// | `k8scale_send_lag_seconds{verb}` | histogram: how late this program sent, of each attempt |
/// | `k8scale_in_flight` | gauge: operations that began and have not ended |
/// | `k8scale_population` | gauge: objects that exist because of this run |
/// | `k8scale_asked_rate`, `k8scale_achieved_rate` | gauges, per second |
///
/// A verb appears when the run has to do with it, with every outcome. Counts in buckets are to 0.1 % of the
/// bound.
[[nodiscard]] std::string metrics_text(const Snapshot& snapshot, const Pace& pace,
                                       const ProcessFigures& process);

}  // namespace k8scale::measure
