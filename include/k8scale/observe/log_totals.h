#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "k8scale/base/time.h"
#include "k8scale/measure/histogram.h"
#include "k8scale/observe/dequeue.h"

namespace k8scale::observe {

/// Latencies as the original's histograms count them, which may be negative.
struct LatencyBuckets {
  /// Upper bounds in seconds.
  static constexpr std::array bounds = {-0.1, 0.0, 0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0};

  std::array<std::uint64_t, bounds.size()> counts{};  ///< each latency in the first that holds it
  std::uint64_t count = 0;
  double sum = 0;  ///< seconds

  void record(base::Nanoseconds latency);
};

/// How long after the driver's clock a change was seen.
struct NotificationLatency {
  measure::Histogram times;    ///< those below 0 count as 0
  std::uint64_t negative = 0;  ///< how many were below 0: the clocks differ

  void record(base::Nanoseconds latency);
  void merge(const NotificationLatency& other);
};

/// What became of all dequeues so far. Belongs to one thread; copies.
struct LogTotals {
  std::uint64_t creates = 0;  ///< by operation
  std::uint64_t updates = 0;
  std::uint64_t deletes = 0;
  std::uint64_t duplicates = 0;      ///< that found what was seen before
  std::uint64_t single_updates = 0;  ///< that stood for exactly one update; no duplicates
  std::uint64_t stranges = 0;        ///< that stood for other than one change; no duplicates
  std::uint64_t unlogged = 0;        ///< keys given up at the end, since the disk was too slow for their rows
  measure::Histogram queue_wait;     ///< from the first enqueue
  // Of changes that were dequeued one at a time. These of all,
  LatencyBuckets create_buckets;
  LatencyBuckets update_buckets;
  // and these of what events told, since a list shows what may be old.
  NotificationLatency create_latency;
  NotificationLatency update_latency;

  [[nodiscard]] std::uint64_t dequeues() const { return creates + updates + deletes; }
  void record(const Dequeue& dequeue);
};

}  // namespace k8scale::observe
