#include "k8scale/load/write_join.h"

#include <fmt/format.h>

#include <vector>

#include "catch.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;
using kube::EventType;
using measure::Operation;
using measure::Verb;

const base::SteadyTime start = base::SteadyTime() + 1000s;

FinishedWrite write(Verb verb, std::string name, std::uint64_t version = 0,
                    WriteFate fate = WriteFate::happened) {
  FinishedWrite made;
  made.operation.verb = verb;
  made.operation.object_name = std::move(name);
  if (version != 0) made.operation.resource_version = fmt::format("{}", version);
  if (fate != WriteFate::happened) made.operation.outcome = measure::Outcome::connection_lost;
  made.operation.sent = start;
  made.fate = fate;
  return made;
}

// A join, and what it settled.
struct Fixture {
  explicit Fixture(std::size_t watchers)
      : join({watchers, [this](const Operation& operation) { settled.push_back(operation); },
              [this] { ++not_followed; }}) {}

  std::vector<Operation> settled;
  std::size_t not_followed = 0;
  WriteJoin join;
};

TEST_CASE("an event joins the write of that name and version, whichever comes first") {
  Fixture fixture(1);
  fixture.join.finished(write(Verb::create, "run-1", 10));
  CHECK(fixture.join.waiting() == 1);
  fixture.join.shown(0, EventType::added, "run-1", 10, start + 3ms);
  fixture.join.shown(0, EventType::added, "run-2", 11, start + 4ms);
  CHECK(fixture.settled.size() == 1);
  fixture.join.finished(write(Verb::create, "run-2", 11));
  REQUIRE(fixture.settled.size() == 2);
  CHECK(fixture.settled[0].seen.first == start + 3ms);
  CHECK(fixture.settled[1].seen.first == start + 4ms);
  CHECK(fixture.settled[1].seen.watchers == 1);
  CHECK(fixture.settled[1].seen.missed_by == 0);
  CHECK(fixture.join.waiting() == 0);
  CHECK(fixture.join.held() == 0);
}

TEST_CASE("a delete is joined by name, and learns its version from the event") {
  Fixture fixture(1);
  fixture.join.finished(write(Verb::create, "run-1", 10));
  fixture.join.finished(write(Verb::remove, "run-1"));
  fixture.join.shown(0, EventType::added, "run-1", 10, start);
  fixture.join.shown(0, EventType::deleted, "run-1", 25, start);
  REQUIRE(fixture.settled.size() == 2);
  CHECK(fixture.settled[1].resource_version == "25");
  CHECK(fixture.join.held() == 0);
}

TEST_CASE("of several watchers the first and the last count, and all must show a write") {
  Fixture fixture(3);
  fixture.join.finished(write(Verb::create, "run-1", 10));
  fixture.join.shown(1, EventType::added, "run-1", 10, start + 2ms);
  fixture.join.shown(0, EventType::added, "run-1", 10, start + 5ms);
  fixture.join.shown(1, EventType::added, "run-1", 10, start + 9ms);
  CHECK(fixture.settled.empty());
  fixture.join.shown(2, EventType::added, "run-1", 10, start + 4ms);
  REQUIRE(fixture.settled.size() == 1);
  CHECK(fixture.settled[0].seen.first == start + 2ms);
  CHECK(fixture.settled[0].seen.last == start + 5ms);
  CHECK(fixture.settled[0].seen.watchers == 3);
}

TEST_CASE("what no watcher shows is missed when the run is over") {
  Fixture fixture(2);
  fixture.join.finished(write(Verb::update, "run-1", 10));
  fixture.join.finished(write(Verb::patch, "run-1", 12));
  fixture.join.shown(0, EventType::modified, "run-1", 12, start);
  fixture.join.shown(0, EventType::modified, "run-1", 11, start);
  CHECK(fixture.join.waiting() == 2);
  fixture.join.settle();
  REQUIRE(fixture.settled.size() == 2);
  CHECK(fixture.settled[0].seen.missed_by == 2);
  CHECK(fixture.settled[1].seen.missed_by == 1);
  CHECK(fixture.join.waiting() == 0);
  CHECK(fixture.join.held() == 0);
}

TEST_CASE("events that no write explains are forgotten with their object") {
  Fixture fixture(1);
  fixture.join.shown(0, EventType::modified, "run-1", 10, start);
  fixture.join.shown(0, EventType::deleted, "run-1", 11, start);
  CHECK(fixture.join.held() == 2);
  fixture.join.finished(write(Verb::remove, "run-1"));
  CHECK(fixture.join.held() == 0);
  fixture.join.shown(0, EventType::added, "run-2", 10, start);
  fixture.join.finished(write(Verb::create, "run-2", 0, WriteFate::did_not_happen));
  CHECK(fixture.join.held() == 0);
  CHECK(fixture.settled.size() == 1);
}

TEST_CASE("a write whose answer was lost counts when its event came, and is never missed") {
  Fixture fixture(2);
  fixture.join.shown(0, EventType::added, "run-1", 10, start + 1ms);
  for (const char* name : {"run-1", "run-2"}) {
    fixture.join.finished(write(Verb::create, name, 0, WriteFate::unknown));
  }
  CHECK(fixture.join.waiting() == 0);
  fixture.join.shown(0, EventType::deleted, "run-1", 15, start + 2ms);  // of a clean-up
  fixture.join.settle();
  REQUIRE(fixture.settled.size() == 1);
  CHECK(fixture.settled[0].object_name == "run-1");
  CHECK(fixture.settled[0].resource_version == "10");
  CHECK(fixture.settled[0].outcome == measure::Outcome::connection_lost);
  CHECK(fixture.settled[0].seen.watchers == 1);
  CHECK(fixture.settled[0].seen.missed_by == 0);
}

TEST_CASE("a delete of the clean-up is none of the run's, whenever its event comes") {
  const bool event_first = GENERATE(false, true);
  Fixture fixture(1);
  fixture.join.shown(0, EventType::added, "run-1", 10, start);
  fixture.join.finished(write(Verb::create, "run-1", 0, WriteFate::unknown));
  fixture.join.finished(write(Verb::remove, "run-1", 0, WriteFate::unknown));
  if (event_first) fixture.join.shown(0, EventType::deleted, "run-1", 15, start + 2ms);
  fixture.join.finished(write(Verb::remove, "run-1", 0, WriteFate::cleaned_up));
  if (!event_first) fixture.join.shown(0, EventType::deleted, "run-1", 15, start + 2ms);
  fixture.join.finished(write(Verb::remove, "run-2", 0, WriteFate::cleaned_up));  // never heard of
  CHECK(fixture.join.waiting() == 0);
  fixture.join.settle();
  REQUIRE(fixture.settled.size() == 1);
  CHECK(fixture.settled[0].verb == Verb::create);
  CHECK(fixture.settled[0].seen.watchers == 1);
}

TEST_CASE("a list shows the objects it has, and what it jumped over is missed at once") {
  Fixture fixture(1);
  for (const std::uint64_t version : {11, 12, 13}) {
    fixture.join.finished(write(Verb::create, fmt::format("run-{}", version), version));
  }
  fixture.join.finished(write(Verb::update, "run-12", 14));
  fixture.join.finished(write(Verb::remove, "run-13"));
  fixture.join.finished(write(Verb::create, "run-21", 21));
  fixture.join.list_begun(0);
  fixture.join.listed(0, "run-11", 11, start + 1ms);
  fixture.join.listed(0, "run-12", 14, start + 2ms);
  fixture.join.list_ended(0, 20);
  REQUIRE(fixture.settled.size() == 5);
  std::size_t missed = 0;
  for (const Operation& each : fixture.settled) {
    const bool shown = each.resource_version == "11" || each.resource_version == "14";
    CHECK(each.seen.watchers == (shown ? 1U : 0U));
    missed += each.seen.missed_by;
  }
  CHECK(missed == 3);
  CHECK(fixture.join.waiting() == 1);  // 21 is yet to come
  fixture.join.finished(write(Verb::create, "run-19", 19));
  CHECK(fixture.settled.size() == 6);
  CHECK(fixture.settled.back().seen.missed_by == 1);
}

TEST_CASE("a list that still has an object leaves its deletion to the watch") {
  Fixture fixture(1);
  fixture.join.finished(write(Verb::remove, "run-1"));
  fixture.join.list_begun(0);
  fixture.join.listed(0, "run-1", 5, start);
  fixture.join.list_ended(0, 6);
  CHECK(fixture.settled.empty());
  fixture.join.shown(0, EventType::deleted, "run-1", 7, start + 1ms);
  REQUIRE(fixture.settled.size() == 1);
  CHECK(fixture.settled[0].seen.watchers == 1);
  CHECK(fixture.join.held() == 0);
}

TEST_CASE("a list of one watcher says nothing of what another will show") {
  Fixture fixture(2);
  fixture.join.finished(write(Verb::create, "run-1", 10));
  fixture.join.finished(write(Verb::remove, "run-1"));
  fixture.join.list_begun(0);
  fixture.join.list_ended(0, 20);
  CHECK(fixture.join.waiting() == 2);
  fixture.join.shown(1, EventType::added, "run-1", 10, start);
  fixture.join.shown(1, EventType::deleted, "run-1", 11, start);
  REQUIRE(fixture.settled.size() == 2);
  for (const Operation& each : fixture.settled) {
    CHECK(each.seen.watchers == 1);
    CHECK(each.seen.missed_by == 1);
  }
}

TEST_CASE("what is held is bounded, and what is not followed is said") {
  Fixture fixture(1);
  for (std::uint64_t i = 1; i <= WriteJoin::most_waiting + 5; ++i) {
    fixture.join.finished(write(Verb::create, fmt::format("run-{}", i), i));
  }
  CHECK(fixture.join.held() == WriteJoin::most_waiting);
  CHECK(fixture.not_followed == 5);
  fixture.join.shown(0, EventType::added, "run-1", 1, start);
  CHECK(fixture.settled.size() == 1);
}

TEST_CASE("a create whose answer has no version cannot be followed") {
  Fixture fixture(1);
  fixture.join.finished(write(Verb::create, "run-1"));
  CHECK(fixture.not_followed == 1);
  CHECK(fixture.join.held() == 0);
}

}  // namespace
}  // namespace k8scale::load
