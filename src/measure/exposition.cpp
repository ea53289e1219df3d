#include "k8scale/measure/exposition.h"

#include <prometheus/text_serializer.h>

#include <utility>

namespace k8scale::measure {
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(std::string name, std::string help, MetricType type) {
  return {std::move(name), std::move(help), type, {}};
}

MetricFamily gauge(std::string name, std::string help, double value) {
  MetricFamily made = family(std::move(name), std::move(help), MetricType::Gauge);
  made.metric.emplace_back().gauge.value = value;
  return made;
}

MetricFamily counter(std::string name, std::string help, double value) {
  MetricFamily made = family(std::move(name), std::move(help), MetricType::Counter);
  made.metric.emplace_back().counter.value = value;
  return made;
}

MetricFamily counter(std::string name, std::string help, const std::string& label,
                     std::initializer_list<LabelledCount> counts) {
  MetricFamily made = family(std::move(name), std::move(help), MetricType::Counter);
  for (const LabelledCount& each : counts) {
    ClientMetric& metric = made.metric.emplace_back();
    metric.label = {{label, std::string(each.value)}};
    metric.counter.value = static_cast<double>(each.count);
  }
  return made;
}

MetricFamily gauge(std::string name, std::string help, const std::string& label,
                   std::initializer_list<LabelledCount> counts) {
  MetricFamily made = family(std::move(name), std::move(help), MetricType::Gauge);
  for (const LabelledCount& each : counts) {
    ClientMetric& metric = made.metric.emplace_back();
    metric.label = {{label, std::string(each.value)}};
    metric.gauge.value = static_cast<double>(each.count);
  }
  return made;
}

ClientMetric::Histogram to_buckets(const Histogram& histogram, std::span<const double> upper_bounds) {
  ClientMetric::Histogram made;
  made.sample_count = histogram.count();
  made.sample_sum = histogram.sum_seconds();
  for (const double bound : upper_bounds) {
    made.bucket.push_back({histogram.count_at_or_below(base::from_seconds(bound)), bound});
  }
  return made;
}

void add_process(std::vector<MetricFamily>& families, const ProcessFigures& process) {
  const double started = base::to_seconds(process.started.time_since_epoch());
  families.push_back(counter("process_cpu_seconds_total", "User and system CPU time of this process.",
                             base::to_seconds(process.cpu)));
  families.push_back(gauge("process_resident_memory_bytes", "Resident memory.",
                           static_cast<double>(process.resident_bytes)));
  families.push_back(
      gauge("process_virtual_memory_bytes", "Virtual memory.", static_cast<double>(process.virtual_bytes)));
  families.push_back(
      gauge("process_open_fds", "Open file descriptors.", static_cast<double>(process.open_files)));
  families.push_back(
      gauge("process_max_fds", "Most file descriptors allowed.", static_cast<double>(process.most_files)));
  families.push_back(
      gauge("process_start_time_seconds", "Start of this process, in seconds since the epoch.", started));
}

std::string to_text(const std::vector<MetricFamily>& families) {
  return static_cast<const prometheus::Serializer&>(prometheus::TextSerializer()).Serialize(families);
}

}  // namespace k8scale::measure
