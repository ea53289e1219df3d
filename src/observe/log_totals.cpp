#include "k8scale/observe/log_totals.h"

#include <algorithm>

namespace k8scale::observe {

void LatencyBuckets::record(base::Nanoseconds latency) {
  const double seconds = base::to_seconds(latency);
  ++count;
  sum += seconds;
  const auto* const bound = std::lower_bound(bounds.begin(), bounds.end(), seconds);
  if (bound != bounds.end()) ++counts[static_cast<std::size_t>(bound - bounds.begin())];
}

void NotificationLatency::record(base::Nanoseconds latency) {
  times.record(latency);
  if (latency < base::Nanoseconds(0)) ++negative;
}

void NotificationLatency::merge(const NotificationLatency& other) {
  times.merge(other.times);
  negative += other.negative;
}

void LogTotals::record(const Dequeue& dequeue) {
  using Operation = Dequeue::Operation;
  ++(dequeue.operation == Operation::create   ? creates
     : dequeue.operation == Operation::update ? updates
                                              : deletes);
  queue_wait.record(dequeue.queue_wait());
  if (dequeue.duplicate()) {
    ++duplicates;
    return;
  }
  if (dequeue.changes.total() != 1) ++stranges;
  if (dequeue.one_update()) ++single_updates;
  const auto latency = dequeue.latency();
  if (!latency) return;
  (dequeue.one_update() ? update_buckets : create_buckets).record(*latency);
  if (!dequeue.from_list) (dequeue.one_update() ? update_latency : create_latency).record(*latency);
}

}  // namespace k8scale::observe
