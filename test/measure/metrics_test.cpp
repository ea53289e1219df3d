#include "k8scale/measure/metrics.h"

#include <algorithm>
#include <map>

#include "catch.h"
#include "k8scale/base/text.h"
#include "measure/sample.h"

namespace k8scale::measure {
namespace {

// Series with its labels → value. Every line must be a comment or a series.
std::map<std::string, double> parse(const std::string& text) {
  std::map<std::string, double> series;
  for (const std::string& line : base::split(text, '\n')) {
    if (line.empty() || line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    const std::size_t blank = line.rfind(' ');
    REQUIRE(blank != std::string::npos);
    CHECK(series.emplace(line.substr(0, blank), std::stod(line.substr(blank + 1))).second);
  }
  return series;
}

Snapshot sample_snapshot() {
  Recorder recorder;
  for (int i = 0; i < 3; ++i) recorder.started(Verb::create);
  recorder.record(sample_create());
  recorder.record(failed(sample_create(), Outcome::throttled, "TooManyRequests"));
  recorder.add_population(7);
  return recorder.snapshot();
}

TEST_CASE("metrics give operations by verb and outcome, gauges and the process") {
  ProcessFigures process;
  process.cpu = 1500ms;
  process.resident_bytes = 12'000'000;
  process.open_files = 9;
  process.most_files = 1024;
  process.started = wall_start;
  auto series = parse(metrics_text(sample_snapshot(), {2, 10, 99.5, 100}, process));
  CHECK(series.at("k8scale_operations_total{verb=\"create\",outcome=\"ok\"}") == 1);
  CHECK(series.at("k8scale_operations_total{verb=\"create\",outcome=\"throttled\"}") == 1);
  CHECK(series.at("k8scale_operations_total{verb=\"create\",outcome=\"timed_out\"}") == 0);
  CHECK(series.at("k8scale_attempts_total{verb=\"create\",outcome=\"ok\"}") == 1);
  CHECK(series.count("k8scale_operations_total{verb=\"delete\",outcome=\"ok\"}") == 0);
  CHECK(series.at("k8scale_in_flight") == 1);
  CHECK(series.at("k8scale_population") == 7);
  CHECK(series.at("k8scale_asked_rate") == 100);
  CHECK(series.at("k8scale_achieved_rate") == 99.5);
  CHECK(series.at("process_cpu_seconds_total") == 1.5);
  CHECK(series.at("process_resident_memory_bytes") == 12e6);
  CHECK(series.at("process_open_fds") == 9);
  CHECK(series.at("process_max_fds") == 1024);
  CHECK(series.at("process_start_time_seconds") == Approx(1795532645.123).epsilon(1e-12));
}

TEST_CASE("histograms are cumulative and end with +Inf") {
  const auto series = parse(metrics_text(sample_snapshot(), {}, {}));
  const std::string name = "k8scale_response_time_seconds";
  CHECK(series.at(name + "_bucket{verb=\"create\",le=\"0.002\"}") == 0);
  CHECK(series.at(name + "_bucket{verb=\"create\",le=\"0.005\"}") == 2);
  CHECK(series.at(name + "_bucket{verb=\"create\",le=\"60\"}") == 2);
  CHECK(series.at(name + "_bucket{verb=\"create\",le=\"+Inf\"}") == 2);
  CHECK(series.at(name + "_count{verb=\"create\"}") == 2);
  CHECK(series.at(name + "_sum{verb=\"create\"}") == Approx(0.0042));
  CHECK(series.at("k8scale_service_time_seconds_sum{verb=\"create\"}") == Approx(0.004));
  CHECK(series.at("k8scale_send_lag_seconds_count{verb=\"create\"}") == 2);
}

TEST_CASE("of several servers each has its operations") {
  Recorder recorder(2);
  Operation at_second = sample_create();
  at_second.server_index = 1;
  recorder.record(sample_create());
  for (int i = 0; i < 2; ++i) recorder.record(at_second);
  const std::vector<std::string> servers{"https://a", "https://b"};
  const auto series = parse(metrics_text(recorder.snapshot(), {}, {}, servers));
  const std::string name = "k8scale_server_operations_total";
  CHECK(series.at(name + "{server=\"https://a\",verb=\"create\",outcome=\"ok\"}") == 1);
  CHECK(series.at(name + "{server=\"https://b\",verb=\"create\",outcome=\"ok\"}") == 2);
}

TEST_CASE("what watchers showed is there when the run has some") {
  Recorder recorder;
  recorder.started(Verb::create);
  recorder.record_seen(seen(sample_create(), 1500us, 6ms, 1, 2));
  recorder.record_seen(seen(sample_create(), 1500us, 6ms, 3));
  recorder.watch() = {3, 7, 2, 1, 4, 0};
  CHECK(parse(metrics_text(sample_snapshot(), {}, {})).count("k8scale_events_total") == 0);
  const auto series = parse(metrics_text(recorder.snapshot(), {}, {}));
  CHECK(series.at("k8scale_notification_time_seconds_bucket{verb=\"create\",le=\"0.002\"}") == 2);
  CHECK(series.at("k8scale_notification_time_seconds_sum{verb=\"create\"}") == Approx(0.003));
  CHECK(series.at("k8scale_last_notification_time_seconds_count{verb=\"create\"}") == 1);
  CHECK(series.at("k8scale_missed_events_total{verb=\"create\"}") == 2);
  CHECK(series.at("k8scale_events_total") == 7);
  CHECK(series.at("k8scale_duplicated_events_total") == 2);
  CHECK(series.at("k8scale_reordered_events_total") == 1);
  CHECK(series.at("k8scale_relists_total") == 4);
}

TEST_CASE("every family has its type") {
  const auto lines = base::split(metrics_text(sample_snapshot(), {}, {}), '\n');
  for (const char* line :
       {"# TYPE k8scale_operations_total counter", "# TYPE k8scale_send_lag_seconds histogram",
        "# TYPE k8scale_population gauge", "# TYPE process_cpu_seconds_total counter"}) {
    CHECK(std::count(lines.begin(), lines.end(), line) == 1);
  }
}

}  // namespace
}  // namespace k8scale::measure
