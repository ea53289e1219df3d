#include "k8scale/measure/summary_merge.h"

#include <random>

#include "catch.h"
#include "k8scale/measure/summary_read.h"
#include "measure/sample.h"

namespace k8scale::measure {
namespace {

Summary summary_of_part(std::uint64_t index, std::uint64_t count, const Snapshot& totals) {
  Summary summary;
  summary.version = "0.1.0";
  summary.subcommand = "drive";
  summary.server = "https://10.0.0.1:443";
  summary.server_version = "v1.37.2";
  summary.run_id = "r";
  summary.seed = 18446744073709551615U;
  summary.part = RunPart{index, count, wall_start, ClockDifference{-3ms, 2ms}};
  summary.parameters = {{"rate", 200.0}, {"part", std::to_string(index) + "/" + std::to_string(count)}};
  summary.started = wall_start;
  summary.start = start;
  summary.ended = wall_start + 10s;
  summary.duration = 10s;
  summary.paced_verb = Verb::create;
  summary.asked_rate = 200.0 / static_cast<double>(count);
  summary.totals = totals;
  summary.shard_cpu = 10ms;
  summary.process.resident_bytes = 1000;
  summary.watch_cpu = 1ms;
  summary.rows = RowLog::Totals{10, 0, ""};
  summary.seen_rows = RowLog::Totals{5, 0, ""};
  summary.faults = {{"every=10,swallow", 100, 10}};
  summary.files = {{"rows", "r-" + std::to_string(index) + ".csv"}};
  if (!totals.servers.empty()) summary.servers = {"https://10.0.0.1:443", "https://10.0.0.2:443"};
  summary.set_pace(summary.totals);
  return summary;
}

// As it comes from a file.
PartSummary from_json(const Summary& summary) {
  return {"part " + std::to_string(summary.part.value().index),
          read_summary(to_json(summary).dump()).value()};
}

MergedRun merge(const std::vector<Summary>& summaries) {
  std::vector<PartSummary> parts;
  for (const Summary& each : summaries) parts.push_back(from_json(each));
  return merge_parts(parts);
}

// The operations of a run of several verbs, servers and outcomes, in any order.
std::vector<Operation> operations(std::size_t count) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> times(13, 2);
  std::vector<Operation> made;
  for (std::size_t i = 0; i < count; ++i) {
    Operation each = sample_create(i * 5ms);
    constexpr std::array verbs = {Verb::create, Verb::patch, Verb::list, Verb::remove};
    each.verb = verbs[random() % verbs.size()];
    each.server_index = random() % 2;
    each.sent = each.due + base::Nanoseconds(static_cast<std::int64_t>(times(random)));
    each.done = each.sent + base::Nanoseconds(static_cast<std::int64_t>(times(random)));
    if (each.verb == Verb::list) each.items = random() % 100;
    if (random() % 10 == 0)
      each = failed(each, Outcome::refused, random() % 2 == 0 ? "Conflict" : "NotFound");
    if (writes(each.verb))
      each = seen(each, 1ms, 1ms + base::Nanoseconds(random() % 1'000'000), 2, random() % 5 / 4);
    made.push_back(each);
  }
  return made;
}

void record(Recorder& recorder, const Operation& operation) {
  recorder.asked(operation.verb, 1);
  recorder.started(operation.verb);
  recorder.record(operation);
  if (writes(operation.verb)) recorder.record_seen(operation);
}

// Means are whole nanoseconds in JSON, and so are those that a merged one is made of.
void check_equal(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b, const std::string& path) {
  INFO(path);
  REQUIRE(a.type() == b.type());
  if (path.ends_with("/mean")) {
    CHECK(std::abs(a.get<std::int64_t>() - b.get<std::int64_t>()) <= 1);
  } else if (a.is_object()) {
    REQUIRE(a.size() == b.size());
    for (const auto& [key, value] : a.items()) check_equal(value, b.at(key), path + "/" + key);
  } else if (a.is_array()) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) check_equal(a[i], b[i], path + "/" + std::to_string(i));
  } else {
    CHECK(a == b);
  }
}

}  // namespace

TEST_CASE("a summary is read as it was written") {
  Recorder recorder(2);
  recorder.watch().watchers = 2;
  recorder.watch().events = 3000;
  for (const Operation& each : operations(1000)) record(recorder, each);
  Summary written = summary_of_part(2, 3, recorder.snapshot());
  written.interrupted = "SIGTERM";
  const auto json = to_json(written);
  auto again = to_json(read_summary(json.dump()).value());
  CHECK(again["warnings"].size() > json["warnings"].size());  // those that were written and those found anew
  again["warnings"] = json["warnings"];
  CHECK(again.dump() == json.dump());
}

TEST_CASE("what is no summary says why") {
  const auto told = [](std::string_view text) { return read_summary(text).error().detail(); };
  CHECK_THAT(told("{"), Catch::Contains("parse error"));
  CHECK_THAT(told("[]"), Catch::Contains("not the summary of a driver's run"));
  CHECK_THAT(told(R"({"schema":"k8scale.logger/1"})"), Catch::Contains("expected k8scale.summary/1"));
  auto json = to_json(summary_of_part(1, 1, {}));
  json.erase("run_id");
  CHECK_THAT(told(json.dump()), Catch::Contains("key 'run_id' not found"));
  json["run_id"] = 7;
  CHECK_THAT(told(json.dump()), Catch::Contains("type must be string, but is number"));
  Recorder recorder;
  record(recorder, sample_create());
  json = to_json(summary_of_part(1, 1, recorder.snapshot()));
  json["operations"]["create"]["send_lag"]["count"] = 3;
  CHECK_THAT(told(json.dump()), Catch::Contains("a histogram of 1 values, expected 3"));
}

TEST_CASE("parts that were merged are what one process would have measured") {
  constexpr std::size_t count = 4;
  Recorder whole(2);
  whole.watch().watchers = 2 * count;
  std::vector<Recorder> recorders(count, Recorder(2));
  for (Recorder& each : recorders) each.watch().watchers = 2;
  const std::vector<Operation> all = operations(5000);
  for (std::size_t i = 0; i < all.size(); ++i) {
    record(whole, all[i]);
    record(recorders[i % count], all[i]);
  }
  std::vector<Summary> parts;
  for (std::size_t i = count; i > 0; --i)
    parts.push_back(summary_of_part(i, count, recorders[i - 1].snapshot()));
  const MergedRun run = merge(parts);
  REQUIRE(run.conflicts.empty());
  CHECK(run.differences.empty());

  const auto merged = to_json(run.summary);
  const auto expected = to_json(summary_of_part(1, 1, whole.snapshot()));
  for (const char* key : {"schema", "run_id", "seed", "started", "started_ns", "ended", "duration",
                          "interrupted", "paced", "paced_verb", "asked_rate", "achieved_rate",
                          "schedule_length", "operations", "servers", "response_time", "send_lag"}) {
    check_equal(merged.at(key), expected.at(key), key);
  }
  CHECK(merged["part"].is_null());
  CHECK(merged["parts"]["missing"].empty());
  CHECK(merged["parts"]["merged"][2]["index"] == 3);
  CHECK(merged["parts"]["merged"][2]["source"] == "part 3");
  CHECK(merged["parameters"].dump() == R"({"rate":200.0})");
  CHECK(merged["rows"]["written"] == 40);
  CHECK(merged["watch"]["rows"]["written"] == 20);
  CHECK(merged["client"]["shard_cpu"] == 40'000'000);
  CHECK(merged["client"]["resident_bytes"] == 4000);
  CHECK(merged["faults"].dump() == R"([{"rule":"every=10,swallow","met":400,"injected":40}])");
  CHECK(merged["files"].size() == 4);
}

TEST_CASE("rates of parts that began at different moments are those between the first and the last end") {
  std::vector<Summary> parts;
  for (std::uint64_t i = 1; i <= 2; ++i) {
    Recorder recorder;
    for (int k = 0; k < 11; ++k) record(recorder, sample_create(k * 100ms));
    parts.push_back(summary_of_part(i, 2, recorder.snapshot()));
  }
  parts[1].started += 4s;
  parts[1].ended += 4s;
  const MergedRun run = merge(parts);
  CHECK(run.summary.totals.of(Verb::create).rate().value() == Approx(21 / 5.0));
  CHECK(run.summary.achieved_rate.value() == Approx(21 / 5.0));
  CHECK(run.summary.schedule_length == 5s);
  CHECK(run.summary.duration == 14s);
  REQUIRE(run.differences.size() == 1);
  CHECK(run.differences[0] == "the parts did not begin together: part 2 began 4.00s after part 1");
  CHECK(run.summary.warnings()[0] == run.differences[0]);
}

TEST_CASE("a part that is missing is named, and what parts warned of") {
  std::vector<Summary> parts = {summary_of_part(5, 5, {}), summary_of_part(2, 5, {}),
                                summary_of_part(3, 5, {})};
  parts[0].notes = {"late", "odd"};
  parts[1].notes = {"late"};
  parts[2].interrupted = "SIGTERM";
  const MergedRun run = merge(parts);
  CHECK(run.summary.parts->missing() == std::vector<std::uint64_t>{1, 4});
  CHECK(run.summary.interrupted == "SIGTERM");
  CHECK(run.summary.warnings() ==
        std::vector<std::string>{"parts 1, 4 of 5 are missing: all figures are those of the others",
                                 "parts 2, 5: late", "part 5: odd"});
}

TEST_CASE("what are not different parts of one run are not merged") {
  std::vector<Summary> parts(6, summary_of_part(1, 5, {}));
  parts[1].part->index = 2;
  parts[1].run_id = "s";
  parts[2].part->index = 3;
  parts[2].seed = 8;
  parts[3].part = RunPart{4, 4, {}, {}};
  parts[4].part->index = 5;
  parts[4].parameters["rate"] = 100.0;
  parts[4].parameters["keep"] = true;
  std::vector<PartSummary> read;
  for (const Summary& each : parts) read.push_back(from_json(each));
  read[5].summary.part->index = 3;
  read.push_back({"whole", merge({summary_of_part(1, 1, {})}).summary});
  const MergedRun run = merge_parts(read);
  CHECK(run.conflicts ==
        std::vector<std::string>{R"(part 2: run_id is "s" instead of "r" as in part 1)",
                                 "part 3: seed is 8 instead of 18446744073709551615 as in part 1",
                                 "part 4: parts is 4 instead of 5 as in part 1",
                                 "part 5: rate is 100.0 instead of 200.0 as in part 1",
                                 "part 5: keep is true instead of null as in part 1",
                                 "part 1: part 3 again, which is in part 3",
                                 "whole: merged already, expected the summary of one process"});
  CHECK(run.summary.run_id.empty());
}

TEST_CASE("which part a summary is of must be possible") {
  const Summary summary = summary_of_part(2, 3, {});
  const auto of = [&](std::uint64_t index, std::uint64_t count) {
    nlohmann::ordered_json json = to_json(summary);
    json["part"]["index"] = index;
    json["part"]["count"] = count;
    return read_summary(json.dump());
  };
  CHECK(of(3, 3).has_value());
  CHECK(of(10'000, 10'000).has_value());
  CHECK_THAT(of(4, 3).error().detail(), Catch::Contains("found part 4 of 3"));
  CHECK(of(0, 3).has_error());
  CHECK(of(1, 1'000'000'000'000'000'000).has_error());
}

TEST_CASE("clocks that are not known well enough are told") {
  std::vector<Summary> parts = {summary_of_part(1, 4, {}), summary_of_part(2, 4, {}),
                                summary_of_part(3, 4, {}), summary_of_part(4, 4, {})};
  CHECK(merge(parts).summary.notes.empty());
  parts[0].part->server_clock.reset();
  parts[1].part->server_clock = ClockDifference{-900ms, 20ms};
  parts[3].part->server_clock = ClockDifference{-10ms, 20ms};
  const MergedRun run = merge(parts);
  CHECK(run.differences.empty());
  CHECK(run.summary.notes ==
        std::vector<std::string>{
            "the clocks of part 1 are not known: the parts may have begun further apart than "
            "they say",
            "the clocks of parts 2, 4 are known to within 920ms only: the parts may "
            "have begun further apart than they say"});
  CHECK(merge({summary_of_part(1, 1, {})}).summary.notes.empty());
}

TEST_CASE("clocks that differ for sure are told") {
  std::vector<Summary> parts = {summary_of_part(1, 3, {}), summary_of_part(2, 3, {}),
                                summary_of_part(3, 3, {})};
  parts[0].part->server_clock = ClockDifference{-5ms, 5ms};
  parts[1].part->server_clock.reset();
  parts[2].part->server_clock = ClockDifference{14ms, 30ms};
  CHECK(merge(parts).differences.empty());  // they may differ by 9 ms only
  parts[1].part->server_clock = ClockDifference{-40ms, -1ms};
  CHECK(merge(parts).differences ==
        std::vector<std::string>{"the clock of part 2 is at least 15.0ms ahead of that of part 3"});
}

TEST_CASE("parts that ran against different servers or versions are told") {
  std::vector<Summary> parts = {summary_of_part(1, 2, {}), summary_of_part(2, 2, {})};
  parts[1].server = "https://10.0.0.9:443";
  parts[1].version = "0.2.0";
  CHECK(merge(parts).summary.notes ==
        std::vector<std::string>{"the parts ran versions 0.1.0, 0.2.0",
                                 "the parts ran against https://10.0.0.1:443, https://10.0.0.9:443"});
}

TEST_CASE("consecutive numbers are a range") {
  CHECK(numbers_text({}).empty());
  CHECK(numbers_text({7}) == "7");
  CHECK(numbers_text({1, 2}) == "1, 2");
  CHECK(numbers_text({1, 2, 3, 5, 8, 9, 10, 11}) == "1-3, 5, 8-11");
}

}  // namespace k8scale::measure
