#pragma once
#include <prometheus/metric_family.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/measure/histogram.h"
#include "k8scale/measure/process.h"

/// Prometheus' text exposition format, piece by piece.
namespace k8scale::measure {

/// The Content-Type of `to_text`.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of buckets for durations, in seconds.
inline constexpr std::array time_bounds = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                                           0.5,    1.0,   2.0,   5.0,   10.0, 20.0, 30.0, 60.0};

/// Without a value.
[[nodiscard]] prometheus::MetricFamily family(std::string name, std::string help,
                                              prometheus::MetricType type);
[[nodiscard]] prometheus::MetricFamily gauge(std::string name, std::string help, double value);
[[nodiscard]] prometheus::MetricFamily counter(std::string name, std::string help, double value);
struct LabelledCount {
  std::string_view value;  ///< of the label
  std::uint64_t count;
};
/// A counter of several series, told apart by `label`.
[[nodiscard]] prometheus::MetricFamily counter(std::string name, std::string help, const std::string& label,
                                               std::initializer_list<LabelledCount> counts);
/// The same for what may go down.
[[nodiscard]] prometheus::MetricFamily gauge(std::string name, std::string help, const std::string& label,
                                             std::initializer_list<LabelledCount> counts);
/// Counts in buckets are to 0.1 % of the bound.
[[nodiscard]] prometheus::ClientMetric::Histogram to_buckets(const Histogram& histogram,
                                                             std::span<const double> upper_bounds);
/// Adds `process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_virtual_memory_bytes`,
/// `process_open_fds`, `process_max_fds`, `process_start_time_seconds`.
void add_process(std::vector<prometheus::MetricFamily>& families, const ProcessFigures& process);
[[nodiscard]] std::string to_text(const std::vector<prometheus::MetricFamily>& families);

}  // namespace k8scale::measure
