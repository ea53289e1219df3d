#pragma once
#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <vector>

#include "k8scale/kube/reflector.h"

/// What loggers and watchers tell alike, in Prometheus' families.
namespace k8scale::observe {

using Families = std::vector<prometheus::MetricFamily>;

/// A counter without labels.
void add_count(Families& families, std::string name, std::string help, std::uint64_t value);

/// How the lists and watches went: `k8scale_resumes_total`, `k8scale_expired_total`, `k8scale_garbage_total`,
/// `k8scale_received_bytes_total`, and `k8scale_watch_errors_total{reason}` if there were any.
void add_reflector(Families& families, const kube::ReflectorCounters& reflector);

}  // namespace k8scale::observe
