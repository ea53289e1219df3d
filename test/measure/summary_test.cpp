#include "k8scale/measure/summary.h"

#include <algorithm>
#include <sstream>

#include "catch.h"
#include "measure/sample.h"

namespace k8scale::measure {
namespace {

Summary sample_summary() {
  Recorder recorder;
  recorder.asked(Verb::create, 1000);
  recorder.asked(Verb::remove, 1000);
  for (int i = 0; i < 1000; ++i) {
    recorder.started(Verb::create);
    Operation create = sample_create(i * 5ms);
    create.done += i * 1us;
    recorder.record(i % 100 == 7 ? failed(create, Outcome::refused, "AlreadyExists") : create);
    Operation remove = sample_create(i * 5ms + 250ms);
    remove.verb = Verb::remove;
    recorder.started(Verb::remove);
    recorder.record(remove);
  }
  Summary summary;
  summary.version = "0.1.0";
  summary.subcommand = "cmdriver";
  summary.server = "https://127.0.0.1:6443";
  summary.server_version = "v1.31.0";
  summary.run_id = "1124.1504.0042";
  summary.seed = 18446744073709551615U;
  summary.parameters = {{"lambda", 200.0}, {"n", 1000}, {"kubeconfig", ""}, {"datafile", "rows.csv"}};
  summary.started = wall_start;
  summary.ended = wall_start + 5210ms;
  summary.duration = 5210ms;
  summary.asked_rate = 200;
  summary.achieved_rate = 199.8;
  summary.schedule_length = 4995ms;
  summary.totals = recorder.snapshot();
  summary.shard_cpu = 46200us;
  summary.process.cpu = 1200ms;
  summary.process.resident_bytes = 12'300'000;
  summary.process.peak_resident_bytes = 14'000'000;
  summary.rows = OperationLog::Totals{2000, 0, ""};
  summary.files = {{"rows", "rows.csv"}, {"summary", "1124.1504.0042-driver.json"}};
  return summary;
}

std::string text_of(const Summary& summary) {
  std::ostringstream out;
  print_text(out, summary);
  return out.str();
}

TEST_CASE("the text has the run, counts, errors, named times, cost and files in aligned columns") {
  CHECK("\n" + text_of(sample_summary()) == R"(
k8scale cmdriver, run 1124.1504.0042, against https://127.0.0.1:6443 (v1.31.0)
started 2026-11-24 15:04:05.123 UTC, took 5.21s
rate asked 200.0/s for 5.00s, achieved 199.8/s
parameters: lambda=200.0 n=1000 kubeconfig="" datafile=rows.csv
seed 18446744073709551615

operation  asked  done    ok  failed  retries     rate
create      1000  1000   990      10        0  200.0/s
delete      1000  1000  1000       0        0  200.0/s
create errors: 10 AlreadyExists

operation  time              min     p50     p90     p99   p99.9     max
create     response time  2.10ms  2.60ms  3.00ms  3.09ms  3.10ms  3.10ms
create     service time   2.00ms  2.50ms  2.90ms  2.99ms  3.00ms  3.00ms
delete     response time  2.10ms  2.10ms  2.10ms  2.10ms  2.10ms  2.10ms
delete     service time   2.00ms  2.00ms  2.00ms  2.00ms  2.00ms  2.00ms
all        send lag        100µs   100µs   100µs   100µs   100µs   100µs
response time: from the scheduled moment to the end of an operation, retries included;
service time: from sending to the end of each attempt; send lag: how late this program sent

this program: 23.1µs CPU per operation, 1.20s CPU in all, 12.3 MB resident, 14.0 MB at its peak
files: rows rows.csv, summary 1124.1504.0042-driver.json
)");
}

TEST_CASE("an interrupted run says so in text and JSON") {
  Summary summary = sample_summary();
  CHECK(to_json(summary)["interrupted"].is_null());
  summary.interrupted = "SIGINT";
  CHECK(to_json(summary)["interrupted"] == "SIGINT");
  CHECK(text_of(summary).find("interrupted by SIGINT") != std::string::npos);
}

TEST_CASE("the JSON has every documented key") {
  const auto json = to_json(sample_summary());
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{
                    "schema",     "tool",       "version",       "subcommand",    "server",
                    "run_id",     "seed",       "part",          "parts",         "parameters",
                    "started",    "started_ns", "ended",         "duration",      "interrupted",
                    "paced",      "paced_verb", "asked_rate",    "achieved_rate", "schedule_length",
                    "operations", "servers",    "response_time", "send_lag",      "cpu_per_operation",
                    "client",     "rows",       "watch",         "faults",        "files",
                    "warnings"});
  CHECK(json["schema"] == "k8scale.summary/1");
  CHECK(json["server"]["url"] == "https://127.0.0.1:6443");
  CHECK(json["seed"] == 18446744073709551615U);
  CHECK(json["parameters"].dump() == R"({"lambda":200.0,"n":1000,"kubeconfig":"","datafile":"rows.csv"})");
  CHECK(json["started"] == "2026-11-24T15:04:05.123Z");
  CHECK(json["duration"] == 5210000000);
  CHECK(json["cpu_per_operation"] == 23100);
  CHECK(json["client"]["peak_resident_bytes"] == 14000000);
  CHECK(json["rows"].dump() == R"({"written":2000,"lost":0,"error":null})");
  CHECK(json["files"][0].dump() == R"({"content":"rows","path":"rows.csv"})");
  CHECK(json["watch"].is_null());
  CHECK(json["warnings"].dump() == "[]");
}

TEST_CASE("the JSON of a verb has its counts, rates and full histograms") {
  const auto json = to_json(sample_summary());
  REQUIRE(json["operations"].size() == 2);
  const auto& create = json["operations"]["create"];
  CHECK(create["asked"] == 1000);
  CHECK(create["done"] == 1000);
  CHECK(create["ok"] == 990);
  CHECK(create["failed"] == 10);
  CHECK(create["errors"].dump() == R"({"AlreadyExists":10})");
  CHECK(create["outcomes"].dump() == R"({"ok":990,"refused":10})");
  CHECK(create["scheduled_rate"].get<double>() == Approx(200));
  const auto& response = create["response_time"];
  for (const char* key : {"count", "min", "p50", "p90", "p99", "p99.9", "max", "mean"}) {
    CHECK(response[key].is_number_integer());
  }
  CHECK(response["min"] == 2100000);
  CHECK(response["max"] == 3099000);
  CHECK(create["send_lag"]["p99"].get<double>() == Approx(100000).epsilon(0.001));
  const auto decoded = Histogram::decode(response["histogram"].get<std::string>());
  REQUIRE(decoded.has_value());
  CHECK(decoded->count() == 1000);
  CHECK(decoded->quantile(0.99) == base::Nanoseconds(response["p99"].get<std::int64_t>()));
}

// What `watchers` showed of all creates, and of all deletes but 5.
Summary watched_summary(std::size_t watchers) {
  Summary summary = sample_summary();
  Recorder recorder;
  for (int i = 0; i < 1000; ++i) {
    Operation write = sample_create(i * 5ms);
    recorder.record_seen(seen(write, 1800us, 4ms, watchers));
    write.verb = Verb::remove;
    if (i < 995) {
      recorder.record_seen(seen(write, 1900us, 5ms, watchers));
    } else {
      recorder.record_seen(seen(write, 0s, 0s, 0, watchers));
    }
  }
  recorder.watch() = {watchers, 2003, 3, 1, 0, 0};
  summary.totals.merge(recorder.snapshot());
  summary.watch_cpu = 12ms;
  summary.seen_rows = RowLog::Totals{2000, 0, ""};
  return summary;
}

TEST_CASE(
    "the text of a run that watches has notification times beside response times, and what was missed") {
  const std::string text = text_of(watched_summary(1));
  for (const char* line : {
           "write   seen  missed  seen without an answer\n"
           "create  1000       0                       0\n"
           "delete   995       5                       0\n"
           "1 watcher: 2003 events, 3 duplicated, 1 reordered, 0 relists\n",
           "create     service time       2.00ms  2.50ms  2.90ms  2.99ms  3.00ms  3.00ms\n"
           "create     notification time  1.80ms  1.80ms  1.80ms  1.80ms  1.80ms  1.80ms\n",
           "notification time: from sending a write to its event at a watcher",
           "12.0ms CPU to watch",
           "WARNING: the watches missed 5 events, showed 3 twice and 1 out of order\n",
       }) {
    CAPTURE(line, text);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("several watchers have a first and a last notification time") {
  const std::string text = text_of(watched_summary(3));
  CHECK(text.find("create     notification time, first  1.80ms") != std::string::npos);
  CHECK(text.find("create     notification time, last   4.00ms") != std::string::npos);
  CHECK(text.find("3 watchers: 2003 events") != std::string::npos);
}

TEST_CASE("the JSON of a run that watches has the documented keys") {
  const auto json = to_json(watched_summary(3));
  const auto& watch = json["watch"];
  CHECK(watch.dump() == R"({"watchers":3,"events":2003,"missed":15,"duplicated":3,"reordered":1,"relists":0,)"
                        R"("not_followed":0,"cpu":12000000,"rows":{"written":2000,"lost":0,"error":null}})");
  const auto& remove = json["operations"]["delete"];
  CHECK(remove["seen"] == 995);
  CHECK(remove["missed"] == 15);
  CHECK(remove["seen_without_answer"] == 0);
  CHECK(remove["notification_time"]["first"]["max"] == 1900000);
  CHECK(remove["notification_time"]["last"]["max"] == 5000000);
  CHECK_FALSE(to_json(sample_summary())["operations"]["delete"].contains("seen"));
}

TEST_CASE("a run that did nothing has a summary all the same") {
  const Summary nothing;
  const auto json = to_json(nothing);
  CHECK(json["cpu_per_operation"].is_null());
  CHECK(json["asked_rate"].is_null());
  CHECK(json["rows"].is_null());
  CHECK(json["operations"].dump() == "{}");
  CHECK(text_of(nothing).find("operation") != std::string::npos);
}

TEST_CASE("lost rows are a warning") {
  Summary summary = sample_summary();
  summary.rows = OperationLog::Totals{1500, 500, "rows.csv: No space left on device"};
  const std::string warning = "500 of 2000 rows were lost: rows.csv: No space left on device";
  CHECK(summary.warnings() == std::vector<std::string>{warning});
  CHECK(text_of(summary).find("WARNING: " + warning + "\n") != std::string::npos);
  CHECK(to_json(summary)["warnings"][0] == warning);
}

TEST_CASE("a generator that lags says that it was the bottleneck") {
  Summary summary = sample_summary();
  CHECK(summary.warnings().empty());
  Recorder recorder;
  for (int i = 0; i < 100; ++i) {
    Operation late = sample_create(i * 1ms);
    late.sent += 3ms;
    late.done += 3ms;
    recorder.record(late);
  }
  summary.totals = recorder.snapshot();
  REQUIRE(summary.warnings().size() == 1);
  CHECK(summary.warnings()[0].find("this program was the bottleneck: send lag p99 is 3.10ms") == 0);
}

TEST_CASE("operations that waited for a connection do not make this program the bottleneck") {
  Summary summary = sample_summary();
  Recorder recorder;
  for (int i = 0; i < 100; ++i) {
    Operation late = sample_create(i * 1ms);
    late.connecting = i == 0 ? 0ms : 3ms;  // one of a hundred may be late
    late.sent += 3ms;
    late.done += 3ms;
    recorder.record(late);
  }
  summary.totals = recorder.snapshot();
  CHECK(summary.totals.late() == 1);
  CHECK(summary.warnings().empty());
}

TEST_CASE("a server that is waited for is not made this program's fault by what follows") {
  Summary summary = sample_summary();
  Recorder recorder;
  for (int i = 0; i < 100; ++i) {  // for 1 s there was no connection, then 60 ms no time
    Operation late = sample_create(i * 1ms);
    late.connecting = 1s;
    late.sent += 1060ms;
    late.done += 1060ms;
    recorder.record(late);
  }
  summary.totals = recorder.snapshot();
  CHECK(summary.totals.late() == 100);
  CHECK(base::to_seconds(summary.totals.own_lag().quantile(0.99)) == Approx(0.06).epsilon(0.01));
  CHECK(summary.warnings().empty());
}

TEST_CASE("what failed to the end takes its part of the schedule's time") {
  Summary summary;
  Recorder recorder;
  for (int i = 0; i < 300; ++i) {
    Operation create = sample_create(i * 10ms);
    if (i >= 100) create.outcome = Outcome::not_connected;
    recorder.record(create);
  }
  summary.paced_verb = Verb::create;
  summary.set_pace(recorder.snapshot());
  CHECK(summary.achieved_rate.value() == Approx(99 / 2.99));
  summary.set_pace(Snapshot());
  CHECK_FALSE(summary.achieved_rate);
}

TEST_CASE("what cleaned up after the schedule has no part in its pace") {
  Summary summary = sample_summary();
  const Snapshot driven = summary.totals;
  Recorder recorder;
  for (int i = 0; i < 1000; ++i) recorder.record(sample_create(20s + i * 1us));
  summary.totals.merge(recorder.snapshot());
  summary.start = start;
  summary.set_pace(driven);
  CHECK(summary.schedule_length < 6s);
  CHECK(summary.achieved_rate.value() < 500);
}

TEST_CASE("the JSON file holds any bytes that a server sent as a reason") {
  const TemporaryFolder folder;
  Summary summary = sample_summary();
  Recorder recorder;
  recorder.record(failed(sample_create(), Outcome::refused, "bad \xff byte"));
  summary.totals = recorder.snapshot();
  REQUIRE(write_json(folder / "run.json", summary).has_value());
  const auto json = nlohmann::json::parse(*base::read_file(folder / "run.json"));
  CHECK(json["operations"]["create"]["errors"].size() == 1);
  const auto failure = write_json(folder / "missing/run.json", summary);
  REQUIRE_FALSE(failure.has_value());
  CHECK(failure.error().detail().find("No such file or directory") != std::string::npos);
}

}  // namespace
}  // namespace k8scale::measure
