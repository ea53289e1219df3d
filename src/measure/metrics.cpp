#include "k8scale/measure/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <utility>
#include <vector>

namespace k8scale::measure {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Seconds.
constexpr std::array bounds = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2,
                               0.5,    1.0,   2.0,   5.0,   10.0, 20.0, 30.0, 60.0};
constexpr std::array lag_bounds = {0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001,
                                   0.002,   0.005,   0.01,    0.02,   0.05,   0.1,    0.2,
                                   0.5,     1.0,     2.0,     5.0,    10.0};

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

using CountsByOutcome = std::array<std::uint64_t, all_outcomes.size()>;

MetricFamily by_outcome(std::string name, std::string help, const Snapshot& snapshot,
                        CountsByOutcome VerbTotals::*counts) {
  MetricFamily made = family(std::move(name), std::move(help), MetricType::Counter);
  for (const Verb verb : all_verbs) {
    const VerbTotals& totals = snapshot.of(verb);
    if (!totals.used()) continue;
    for (const Outcome outcome : all_outcomes) {
      ClientMetric& metric = made.metric.emplace_back();
      metric.label = {{"verb", std::string(measure::name(verb))},
                      {"outcome", std::string(measure::name(outcome))}};
      metric.counter.value = static_cast<double>((totals.*counts)[static_cast<std::size_t>(outcome)]);
    }
  }
  return made;
}

template <std::size_t size>
ClientMetric::Histogram to_buckets(const Histogram& histogram, const std::array<double, size>& upper_bounds) {
  ClientMetric::Histogram made;
  made.sample_count = histogram.count();
  made.sample_sum = histogram.sum_seconds();
  for (const double bound : upper_bounds) {
    made.bucket.push_back({histogram.count_at_or_below(base::from_seconds(bound)), bound});
  }
  return made;
}

template <std::size_t size>
MetricFamily by_verb(std::string name, std::string help, const Snapshot& snapshot,
                     Histogram VerbTotals::*histogram, const std::array<double, size>& upper_bounds) {
  MetricFamily made = family(std::move(name), std::move(help), MetricType::Histogram);
  for (const Verb verb : all_verbs) {
    const VerbTotals& totals = snapshot.of(verb);
    if (!totals.used()) continue;
    ClientMetric& metric = made.metric.emplace_back();
    metric.label = {{"verb", std::string(measure::name(verb))}};
    metric.histogram = to_buckets(totals.*histogram, upper_bounds);
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

void add_operations(std::vector<MetricFamily>& families, const Snapshot& snapshot) {
  families.push_back(by_outcome("k8scale_operations_total", "Operations that ended, by verb and outcome.",
                                snapshot, &VerbTotals::operations_by_outcome));
  families.push_back(by_outcome("k8scale_attempts_total",
                                "Requests, retries among them, by verb and outcome.", snapshot,
                                &VerbTotals::attempts_by_outcome));
  families.push_back(by_verb("k8scale_response_time_seconds",
                             "From the scheduled moment to the end of the operation.", snapshot,
                             &VerbTotals::response_time, bounds));
  families.push_back(by_verb("k8scale_service_time_seconds", "From sending to the end, of each attempt.",
                             snapshot, &VerbTotals::service_time, bounds));
  families.push_back(by_verb("k8scale_send_lag_seconds", "How late this program sent, of each attempt.",
                             snapshot, &VerbTotals::send_lag, lag_bounds));
  families.push_back(gauge("k8scale_in_flight", "Operations that began and have not ended.",
                           static_cast<double>(snapshot.in_flight())));
  families.push_back(gauge("k8scale_population", "Objects that exist because of this run.",
                           static_cast<double>(snapshot.population)));
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot, const Pace& pace, const ProcessFigures& process) {
  std::vector<MetricFamily> families;
  add_process(families, process);
  add_operations(families, snapshot);
  families.push_back(
      gauge("k8scale_asked_rate", "Operations per second that the schedule asks for.", pace.asked_rate));
  families.push_back(
      gauge("k8scale_achieved_rate", "Operations of the schedule per second, so far.", pace.achieved_rate));
  return static_cast<const prometheus::Serializer&>(prometheus::TextSerializer()).Serialize(families);
}

}  // namespace k8scale::measure
