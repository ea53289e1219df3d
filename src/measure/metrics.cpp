#include "k8scale/measure/metrics.h"

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "k8scale/measure/exposition.h"

namespace k8scale::measure {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Seconds.
constexpr std::array lag_bounds = {0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001,
                                   0.002,   0.005,   0.01,    0.02,   0.05,   0.1,    0.2,
                                   0.5,     1.0,     2.0,     5.0,    10.0};

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

MetricFamily by_server(const Snapshot& snapshot, std::span<const std::string> servers) {
  MetricFamily made = family("k8scale_server_operations_total",
                             "Operations that ended, by server, verb and outcome.", MetricType::Counter);
  for (std::size_t i = 0; i < snapshot.servers.size() && i < servers.size(); ++i) {
    for (const Verb verb : all_verbs) {
      const VerbTotals& totals = snapshot.servers[i][static_cast<std::size_t>(verb)];
      if (!totals.used()) continue;
      for (const Outcome outcome : all_outcomes) {
        ClientMetric& metric = made.metric.emplace_back();
        metric.label = {{"server", servers[i]},
                        {"verb", std::string(measure::name(verb))},
                        {"outcome", std::string(measure::name(outcome))}};
        metric.counter.value = static_cast<double>(totals.ended_as(outcome));
      }
    }
  }
  return made;
}

MetricFamily by_verb(std::string name, std::string help, const Snapshot& snapshot,
                     Histogram VerbTotals::*histogram, std::span<const double> upper_bounds) {
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

MetricFamily missed_by_verb(const Snapshot& snapshot) {
  MetricFamily made = family("k8scale_missed_events_total", "For each write, watchers that did not show it.",
                             MetricType::Counter);
  for (const Verb verb : all_verbs) {
    const VerbTotals& totals = snapshot.of(verb);
    if (!totals.used() || !writes(verb)) continue;
    ClientMetric& metric = made.metric.emplace_back();
    metric.label = {{"verb", std::string(measure::name(verb))}};
    metric.counter.value = static_cast<double>(totals.missed);
  }
  return made;
}

void add_watch(std::vector<MetricFamily>& families, const Snapshot& snapshot) {
  const WatchTotals& watch = snapshot.watch;
  if (watch.watchers == 0) return;
  families.push_back(by_verb("k8scale_notification_time_seconds",
                             "From sending a write to its event at the first watcher.", snapshot,
                             &VerbTotals::first_notification_time, time_bounds));
  families.push_back(by_verb("k8scale_last_notification_time_seconds",
                             "From sending a write to its event at the last watcher.", snapshot,
                             &VerbTotals::last_notification_time, time_bounds));
  families.push_back(missed_by_verb(snapshot));
  const auto count = [&](const char* name, const char* help, std::uint64_t value) {
    families.push_back(counter(name, help, static_cast<double>(value)));
  };
  count("k8scale_events_total", "Events on all watches.", watch.events);
  count("k8scale_duplicated_events_total", "Events that the same watch had shown before.", watch.duplicated);
  count("k8scale_reordered_events_total", "Events that came after one of a higher version.", watch.reordered);
  count("k8scale_relists_total", "Lists beyond a watcher's first.", watch.relists);
}

void add_operations(std::vector<MetricFamily>& families, const Snapshot& snapshot) {
  families.push_back(by_outcome("k8scale_operations_total", "Operations that ended, by verb and outcome.",
                                snapshot, &VerbTotals::operations_by_outcome));
  families.push_back(by_outcome("k8scale_attempts_total",
                                "Requests, retries among them, by verb and outcome.", snapshot,
                                &VerbTotals::attempts_by_outcome));
  families.push_back(by_verb("k8scale_response_time_seconds",
                             "From the scheduled moment to the end of the operation.", snapshot,
                             &VerbTotals::response_time, time_bounds));
  families.push_back(by_verb("k8scale_service_time_seconds", "From sending to the end, of each attempt.",
                             snapshot, &VerbTotals::service_time, time_bounds));
  families.push_back(by_verb("k8scale_send_lag_seconds", "How late this program sent, of each attempt.",
                             snapshot, &VerbTotals::send_lag, lag_bounds));
  families.push_back(gauge("k8scale_in_flight", "Operations that began and have not ended.",
                           static_cast<double>(snapshot.in_flight())));
  families.push_back(gauge("k8scale_population", "Objects that exist because of this run.",
                           static_cast<double>(snapshot.population)));
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot, const Pace& pace, const ProcessFigures& process,
                         std::span<const std::string> servers) {
  std::vector<MetricFamily> families;
  add_process(families, process);
  add_operations(families, snapshot);
  if (!snapshot.servers.empty()) families.push_back(by_server(snapshot, servers));
  add_watch(families, snapshot);
  families.push_back(
      gauge("k8scale_asked_rate", "Operations per second that the schedule asks for.", pace.asked_rate));
  families.push_back(
      gauge("k8scale_achieved_rate",
            "Operations of the schedule that ended well, per second, until its last has ended.",
            pace.achieved_rate));
  return to_text(families);
}

}  // namespace k8scale::measure
