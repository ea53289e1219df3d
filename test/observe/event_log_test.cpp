#include "k8scale/observe/event_log.h"

#include "catch.h"
#include "k8scale/observe/watch_summary.h"
#include "observe/views.h"

namespace k8scale::observe {
namespace {

using namespace std::chrono_literals;

// When the clock stands still; the drivers' annotations are of before and after.
const Moment now{base::SteadyTime(), base::parse_rfc3339("2026-11-24T15:04:05Z").value()};
const std::string_view second_ago = "2026-11-24 15:04:04.000 +0000";
const std::string_view second_ahead = "2026-11-24 15:04:06.000 +0000";

EventLog silent_log() {
  return EventLog([](const std::string&) {}, [] { return now; });
}

TEST_CASE("events are counted by type") {
  EventLog log = silent_log();
  Teller teller(log);
  teller.list("5", SampleObject{"a", "3"});
  teller.added({"b", "6"});
  teller.modified({"b", "7"});
  teller.modified({"a", "8"});
  teller.deleted({"a", "9"});
  const FanOutTotals totals = log.totals();
  CHECK(totals.events == 4);
  CHECK(totals.added == 1);
  CHECK(totals.modified == 2);
  CHECK(totals.deleted == 1);
}

TEST_CASE("a single watch tells how long after the driver's annotation an event came") {
  EventLog log = silent_log();
  Teller teller(log);
  teller.list("5", SampleObject{"old", "3", {second_ago, second_ago}});
  teller.added({"a", "6", {second_ago, ""}});
  teller.modified({"a", "7", {second_ago, second_ago}});
  teller.modified({"a", "8", {second_ago, second_ahead}});
  teller.modified({"a", "9", {second_ago, "nonsense"}});
  teller.deleted({"a", "10", {second_ago, second_ago}});
  const FanOutTotals totals = log.totals();
  CHECK(totals.create_latency.times.count() == 1);
  CHECK(totals.create_latency.times.max() == 1s);
  CHECK(totals.update_latency.times.count() == 2);
  CHECK(totals.update_latency.negative == 1);
  WatchSummary summary;
  summary.state.totals = totals;
  const auto json = to_json(summary);
  CHECK(json["events_by_type"]["modified"] == 3);
  CHECK(json["notification_latency"]["create"]["count"] == 1);
  CHECK(json["notification_latency"]["update"]["negative"] == 1);
  CHECK(json["warnings"].size() == 2);  // and the watch was never opened
}

}  // namespace
}  // namespace k8scale::observe
