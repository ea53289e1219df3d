#include "k8scale/observe/logger_metrics.h"

#include <string_view>
#include <utility>
#include <vector>

#include "k8scale/measure/exposition.h"
#include "reflector_metrics.h"

namespace k8scale::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Label = ClientMetric::Label;

// With the observation of 0 that the original begins with.
ClientMetric::Histogram primed(const LatencyBuckets& latency) {
  ClientMetric::Histogram made;
  made.sample_count = latency.count + 1;
  made.sample_sum = latency.sum;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < LatencyBuckets::bounds.size(); ++i) {
    const double bound = LatencyBuckets::bounds.at(i);
    cumulative += latency.counts.at(i);
    made.bucket.push_back({cumulative + (bound >= 0 ? 1U : 0U), bound});
  }
  return made;
}

class Original {
 public:
  explicit Original(const LoggerIdentity& identity)
      : prefix_("scaletest_" + identity.plural + "_"), label_{"logger", identity.address} {}

  void add_latency(Families& families, const std::string& name, std::string help,
                   const LatencyBuckets& latency) {
    add(families, name, std::move(help), MetricType::Histogram).histogram = primed(latency);
  }
  void add_counter(Families& families, const std::string& name, std::string help, std::uint64_t count) {
    add(families, name, std::move(help), MetricType::Counter).counter.value = static_cast<double>(count);
  }
  void add_gauge(Families& families, const std::string& name, std::string help, std::uint64_t value) {
    add(families, name, std::move(help), MetricType::Gauge).gauge.value = static_cast<double>(value);
  }

 private:
  ClientMetric& add(Families& families, const std::string& name, std::string help, MetricType type) {
    families.push_back(measure::family(prefix_ + name, std::move(help), type));
    ClientMetric& metric = families.back().metric.emplace_back();
    metric.label = {label_};
    return metric;
  }

  std::string prefix_;
  Label label_;
};

void add_original(Families& families, const LoggerSnapshot& logger, const LoggerIdentity& identity) {
  Original original(identity);
  const LogTotals& log = logger.log;
  original.add_latency(families, "create_latency_seconds", "From the createTimestamp annotation to dequeue.",
                       log.create_buckets);
  original.add_latency(families, "update_latency_seconds", "From the updateTimestamp annotation to dequeue.",
                       log.update_buckets);
  original.add_counter(families, "updates", "Dequeues that stand for exactly one update.",
                       log.single_updates);
  original.add_counter(families, "stranges", "Dequeues that stand for other than one event.", log.stranges);
  original.add_counter(families, "duplicates", "Dequeues that found what was seen before.", log.duplicates);
  original.add_gauge(families, "resourceVersion", "Latest resourceVersion seen.", logger.last_version);
}

void add_watch(Families& families, const LoggerState& state) {
  const EventCounts& events = state.logger.events;
  const AuditCounts& audit = state.logger.audit;
  const kube::ReflectorCounters& reflector = state.reflector;
  families.push_back(measure::counter("k8scale_events_total", "Events of the watch, by type.", "type",
                                      {{"ADDED", events.added},
                                       {"MODIFIED", events.modified},
                                       {"DELETED", events.deleted},
                                       {"BOOKMARK", reflector.bookmarks}}));
  add_count(families, "k8scale_listed_objects_total", "Objects in lists.", events.listed);
  add_count(families, "k8scale_duplicated_events_total", "Events that the watch had shown before.",
            audit.duplicated);
  add_count(families, "k8scale_reordered_events_total", "Events that came after one of a higher version.",
            audit.reordered);
  families.push_back(measure::gauge("k8scale_missed_changes",
                                    "Changes that no event has told of; what comes late counts no more.",
                                    "change",
                                    {{"create", audit.missed.creates},
                                     {"update", audit.missed.updates},
                                     {"delete", audit.missed.deletes}}));
  add_count(families, "k8scale_relists_total", "Lists beyond the first.",
            reflector.lists > 0 ? reflector.lists - 1 : 0);
  add_count(families, "k8scale_watches_total", "Watches that were opened.", reflector.watches);
  add_reflector(families, reflector);
}

void add_queue(Families& families, const LoggerState& state) {
  const LogTotals& log = state.logger.log;
  families.push_back(
      measure::counter("k8scale_dequeues_total", "Keys that workers took, by what they found.", "operation",
                       {{"create", log.creates}, {"update", log.updates}, {"delete", log.deletes}}));
  MetricFamily wait = measure::family("k8scale_queue_wait_seconds", "From a key's first enqueue to a worker.",
                                      MetricType::Histogram);
  wait.metric.emplace_back().histogram = measure::to_buckets(log.queue_wait, measure::time_bounds);
  families.push_back(std::move(wait));
  families.push_back(measure::gauge("k8scale_queue_length", "Keys that wait for a worker.",
                                    static_cast<double>(state.logger.queued)));
  families.push_back(
      measure::gauge("k8scale_objects", "Objects that exist.", static_cast<double>(state.logger.objects)));
  families.push_back(
      measure::counter("k8scale_rows_total", "Rows, by what became of them.", "outcome",
                       {{"written", state.rows.rows_written}, {"lost", state.rows.rows_lost}}));
}

}  // namespace

std::string metrics_text(const LoggerState& state, const LoggerIdentity& identity,
                         const measure::ProcessFigures& process) {
  Families families;
  measure::add_process(families, process);
  add_original(families, state.logger, identity);
  add_watch(families, state);
  add_queue(families, state);
  return measure::to_text(families);
}

}  // namespace k8scale::observe
