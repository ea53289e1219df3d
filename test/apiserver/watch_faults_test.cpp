#include "catch.h"
#include "watching.h"

namespace k8scale::apiserver {
namespace {

Names created(WatchedApi& api, int first, int count) {
  Names expected;
  for (int i = first; i < first + count; ++i) {
    const std::string name = "a" + std::to_string(i);
    api.create(name);
    expected.push_back("ADDED " + name);
  }
  return expected;
}

std::string from_now(WatchedApi& api) { return "resourceVersion=" + std::to_string(api.revision()); }

TEST_CASE("every n-th event is swallowed") {
  WatchedApi api({"every=3,swallow"});
  WatchClient& watch = api.watch(from_now(api));
  Names expected = created(api, 0, 10);
  expected.erase(expected.begin() + 8);
  expected.erase(expected.begin() + 5);
  expected.erase(expected.begin() + 2);
  CHECK(watch.wait_for(7) == expected);
  CHECK(api.fault_summary() == Names{"every=3,swallow: injected 3 of 10"});
}

TEST_CASE("every n-th event is doubled") {
  WatchedApi api({"resource=configmaps,every=4,duplicate", "resource=secrets,duplicate"});
  WatchClient& watch = api.watch(from_now(api));
  Names expected = created(api, 0, 9);
  expected.insert(expected.begin() + 7, expected[7]);
  expected.insert(expected.begin() + 3, expected[3]);
  CHECK(watch.wait_for(11) == expected);
  CHECK(api.fault_summary() == Names{"resource=configmaps,every=4,duplicate: injected 2 of 9",
                                     "resource=secrets,duplicate: injected 0 of 0"});
}

TEST_CASE("every n-th event is overtaken by the next") {
  WatchedApi api({"every=4,reorder"});
  WatchClient& watch = api.watch(from_now(api));
  Names expected = created(api, 0, 6);
  std::swap(expected[3], expected[4]);
  CHECK(watch.wait_for(6) == expected);
  CHECK(api.fault_summary() == Names{"every=4,reorder: injected 1 of 6"});
}

TEST_CASE("an event that nothing overtakes comes after a second, and does not count as injected") {
  WatchedApi api({"every=2,reorder"});
  WatchClient& watch = api.watch(from_now(api));
  const Names expected = created(api, 0, 2);
  CHECK(watch.wait_for(2) == expected);
  CHECK(api.fault_summary() == Names{"every=2,reorder: injected 0 of 2"});
}

TEST_CASE("an event is delayed, and what follows it stays behind it") {
  WatchedApi api({"every=2,delay=200ms"});
  WatchClient& watch = api.watch(from_now(api));
  const auto begin = std::chrono::steady_clock::now();
  const Names expected = created(api, 0, 3);
  CHECK(watch.wait_for(3) == expected);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(200));
}

TEST_CASE("a watch is dropped after every n-th event, whichever watch sends it") {
  WatchedApi api({"every=3,drop"});
  WatchClient& first = api.watch(from_now(api));
  created(api, 0, 3);
  first.wait_for_end();
  CHECK(first.was_reset());
  CHECK(first.summary() == Names{"ADDED a0", "ADDED a1", "ADDED a2"});
  WatchClient& second = api.watch(from_now(api));
  created(api, 3, 2);
  CHECK(second.wait_for(2).size() == 2);
  CHECK_FALSE(second.was_reset());
  CHECK(api.fault_summary() == Names{"every=3,drop: injected 1 of 5"});
}

TEST_CASE("the objects that a watch begins with are not tampered with") {
  WatchedApi api({"swallow"});
  const Names expected = created(api, 0, 3);
  CHECK(api.watch().wait_for(3) == expected);
}

TEST_CASE("a compaction makes every version but the last too old, and disturbs no watch that is up to date") {
  WatchedApi api({"verbs=watch,every=2,compact"});
  const std::string start = from_now(api);
  api.create("a");
  WatchClient& running = api.watch(start);
  running.wait_for(1);
  WatchClient& late = api.watch(start);
  late.wait_for_end();
  CHECK(late.events()[0]["object"]["code"] == 410);
  api.create("b");
  CHECK(running.wait_for(2) == Names{"ADDED a", "ADDED b"});
}

TEST_CASE("a watch that is cut ends in the middle of an event") {
  WatchedApi api({"verbs=watch,every=1,cut"});
  api.create("a");
  WatchClient& watch = api.watch();
  watch.wait_for_end();
  CHECK(watch.was_reset());
  CHECK(watch.bytes().starts_with("{\"type\":\"ADDED\""));
  CHECK(watch.events().empty());
}

TEST_CASE("faults of requests apply to the opening of a watch") {
  WatchedApi api({"verbs=watch,every=2,status=503,retry-after=3", "verbs=watch,every=3,reset=before"});
  const std::string start = from_now(api);
  CHECK(api.watch(start).status() == 200);
  CHECK(api.watch(start).status() == 503);
  CHECK(api.watch(start).was_reset());
}

}  // namespace
}  // namespace k8scale::apiserver
