#include "k8scale/measure/recorder.h"

#include <fmt/format.h>

#include "catch.h"
#include "measure/sample.h"

namespace k8scale::measure {
namespace {

TEST_CASE("operations whose verbs are drawn one after the other are asked for all the while") {
  Recorder recorder, other;
  recorder.asked_undrawn(5);
  recorder.drawn(Verb::get);
  other.asked_undrawn(2);
  Snapshot all = recorder.snapshot();
  CHECK(all.of(Verb::get).asked == 1);
  CHECK(all.asked() == 5);
  all.merge(other.snapshot());
  CHECK(all.asked() == 7);
}

TEST_CASE("one record feeds every count and histogram of its verb") {
  Recorder recorder;
  recorder.asked(Verb::create, 5);
  recorder.started(Verb::create);
  CHECK(recorder.snapshot().in_flight() == 1);
  recorder.record(sample_create());
  const VerbTotals& create = recorder.snapshot().of(Verb::create);
  CHECK(create.asked == 5);
  CHECK(create.started == 1);
  CHECK(create.done == 1);
  CHECK(create.ok() == 1);
  CHECK(create.failed() == 0);
  CHECK(create.attempts == 1);
  CHECK(create.retries == 0);
  CHECK(create.bytes_sent == 400);
  CHECK(create.bytes_received == 700);
  CHECK(create.response_time.max() == 2100us);
  CHECK(create.service_time.max() == 2ms);
  CHECK(create.send_lag.max() == 100us);
  CHECK(recorder.snapshot().in_flight() == 0);
  CHECK_FALSE(recorder.snapshot().of(Verb::remove).used());
}

TEST_CASE("a retried operation is several attempts and one operation") {
  Recorder recorder;
  recorder.started(Verb::create);
  Operation first = failed(sample_create(), Outcome::throttled, "TooManyRequests");
  first.final_attempt = false;
  recorder.record(first);
  CHECK(recorder.snapshot().in_flight() == 1);
  Operation second = sample_create();
  second.attempt = 2;
  second.due += 1s;
  second.sent += 1s;
  second.done += 1s;
  recorder.record(second);
  const VerbTotals& create = recorder.snapshot().of(Verb::create);
  CHECK(create.attempts == 2);
  CHECK(create.retries == 1);
  CHECK(create.done == 1);
  CHECK(create.ok() == 1);
  CHECK(create.errors.empty());
  CHECK(create.retried == CountByReason{{"TooManyRequests", 1}});
  CHECK(create.attempts_by_outcome[static_cast<std::size_t>(Outcome::throttled)] == 1);
  CHECK(create.response_time.count() == 1);
  CHECK(create.response_time.max() == 1s + 2100us);
  CHECK(create.service_time.count() == 2);
  CHECK(create.send_lag.max() == 100us);
}

TEST_CASE("an operation that failed is counted by its reason, and has a response time if it was sent") {
  Recorder recorder;
  recorder.record(failed(sample_create(), Outcome::refused, "AlreadyExists"));
  Operation unsent = failed(sample_create(), Outcome::not_connected, "");
  unsent.sent = {};
  recorder.record(unsent);
  const VerbTotals& create = recorder.snapshot().of(Verb::create);
  CHECK(create.failed() == 2);
  CHECK(create.errors == CountByReason{{"AlreadyExists", 1}, {"not_connected", 1}});
  CHECK(create.response_time.count() == 1);
  CHECK(create.service_time.count() == 1);
  CHECK(create.send_lag.count() == 1);
}

TEST_CASE("a cancelled operation says nothing of the server's times") {
  Recorder recorder;
  recorder.record(failed(sample_create(), Outcome::cancelled, ""));
  const VerbTotals& create = recorder.snapshot().of(Verb::create);
  CHECK(create.done == 1);
  CHECK(create.response_time.count() == 0);
  CHECK(create.service_time.count() == 0);
}

TEST_CASE("the rate of a steady run is that of its schedule") {
  Recorder recorder;
  for (int i = 0; i <= 100; ++i) recorder.record(sample_create(i * 10ms));
  const VerbTotals& create = recorder.snapshot().of(Verb::create);
  CHECK(create.scheduled_rate() == Approx(100));
  CHECK(create.rate() == Approx(100));
}

TEST_CASE("fewer than two operations have no rate") {
  Recorder recorder;
  CHECK_FALSE(recorder.snapshot().of(Verb::create).rate());
  recorder.record(sample_create());
  CHECK_FALSE(recorder.snapshot().of(Verb::create).rate());
}

TEST_CASE(
    "a write that every watcher showed has two notification times, which may be less than the service time") {
  Recorder recorder;
  recorder.record_seen(seen(sample_create(), 1ms, 5ms, 3));
  const VerbTotals& create = recorder.snapshot().of(Verb::create);
  CHECK(create.seen == 1);
  CHECK(create.missed == 0);
  CHECK(create.first_notification_time.max() == 1ms);
  CHECK(create.last_notification_time.max() == 5ms);
  CHECK(create.done == 0);
}

TEST_CASE("a write that some watchers missed has no last notification time") {
  Recorder recorder;
  recorder.record_seen(seen(sample_create(), 1ms, 5ms, 1, 2));
  recorder.record_seen(seen(sample_create(), 0ms, 0ms, 0, 3));
  const VerbTotals& create = recorder.snapshot().of(Verb::create);
  CHECK(create.seen == 0);
  CHECK(create.missed == 5);
  CHECK(recorder.snapshot().missed() == 5);
  CHECK(create.first_notification_time.count() == 1);
  CHECK(create.last_notification_time.count() == 0);
}

TEST_CASE("a write without an answer is counted when it was seen, and is never missed") {
  Recorder recorder;
  const Operation lost = failed(sample_create(), Outcome::connection_lost, "");
  recorder.record_seen(seen(lost, 1ms, 1ms, 1));
  recorder.record_seen(lost);
  const VerbTotals& create = recorder.snapshot().of(Verb::create);
  CHECK(create.seen_without_answer == 1);
  CHECK(create.seen == 0);
  CHECK(create.missed == 0);
  CHECK(create.first_notification_time.count() == 0);
}

TEST_CASE("merged snapshots of two shards equal one recorder that saw everything") {
  Recorder even, odd, all;
  for (int i = 0; i < 200; ++i) {
    Operation operation = sample_create(i * 1ms);
    operation.done += i * 37us;
    if (i % 7 == 0) operation = failed(operation, Outcome::refused, fmt::format("Reason{}", i % 3));
    for (Recorder* recorder : {i % 2 == 0 ? &even : &odd, &all}) {
      recorder->asked(Verb::create, 2);
      recorder->started(Verb::create);
      recorder->record(operation);
      recorder->add_population(i % 5 == 0 ? -1 : 1);
      recorder->record_seen(seen(operation, i * 1us, i * 2us, 1, i % 11 == 0 ? 1 : 0));
      ++recorder->watch().events;
    }
  }
  Snapshot merged = even.snapshot();
  merged.merge(odd.snapshot());
  const VerbTotals& one = merged.of(Verb::create);
  const VerbTotals& other = all.snapshot().of(Verb::create);
  CHECK(merged.population == all.snapshot().population);
  CHECK(merged.done() == 200);
  CHECK(merged.asked() == 400);
  CHECK(one.errors == other.errors);
  CHECK(one.operations_by_outcome == other.operations_by_outcome);
  CHECK(one.rate() == other.rate());
  CHECK(one.scheduled_rate() == other.scheduled_rate());
  CHECK(one.response_time.encode() == other.response_time.encode());
  CHECK(one.send_lag.encode() == other.send_lag.encode());
  CHECK(one.seen == other.seen);
  CHECK(one.missed == other.missed);
  CHECK(one.seen_without_answer == other.seen_without_answer);
  CHECK(one.first_notification_time.encode() == other.first_notification_time.encode());
  CHECK(one.last_notification_time.encode() == other.last_notification_time.encode());
  CHECK(merged.watch.events == 200);
}

TEST_CASE("a server that invents reasons does not fill the memory") {
  CountByReason counts;
  for (int i = 0; i < 10000; ++i) count_reason(counts, fmt::format("Reason{}", i));
  CHECK(counts.size() <= 65);
  CHECK(counts["other"] == 10000 - 64);
}

}  // namespace
}  // namespace k8scale::measure
