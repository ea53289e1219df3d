#include "reflector_metrics.h"

#include <utility>

#include "k8scale/measure/exposition.h"

namespace k8scale::observe {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

void add_count(Families& families, std::string name, std::string help, std::uint64_t value) {
  families.push_back(measure::counter(std::move(name), std::move(help), static_cast<double>(value)));
}

void add_reflector(Families& families, const kube::ReflectorCounters& reflector) {
  add_count(families, "k8scale_resumes_total", "Watches that went on from the last version seen.",
            reflector.resumes);
  add_count(families, "k8scale_expired_total", "Versions that were too old (410).", reflector.expired);
  add_count(families, "k8scale_garbage_total", "Events or lists that made no sense.", reflector.garbage);
  add_count(families, "k8scale_received_bytes_total", "Bytes of HTTP bodies.", reflector.bytes);
  MetricFamily errors = measure::family("k8scale_watch_errors_total", "Failures of lists and watches.",
                                        prometheus::MetricType::Counter);
  for (const auto& [reason, count] : reflector.errors) {
    ClientMetric& metric = errors.metric.emplace_back();
    metric.label = {ClientMetric::Label{"reason", reason}};
    metric.counter.value = static_cast<double>(count);
  }
  if (!errors.metric.empty()) families.push_back(std::move(errors));
}

}  // namespace k8scale::observe
