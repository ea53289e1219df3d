#include "k8scale/observe/fan_out.h"

#include "catch.h"
#include "k8scale/base/random.h"
#include "k8scale/observe/watch_summary.h"

namespace k8scale::observe {
namespace {

using namespace std::chrono_literals;
const base::SteadyTime start{1000s};

void show(FanOut& fan_out, FanOut::Watch watch, std::initializer_list<std::uint64_t> versions) {
  for (const std::uint64_t version : versions) fan_out.event(watch, kube::EventType::added, version, start);
}

TEST_CASE("that one of several watches began anew is a warning: what it missed then is not known") {
  WatchSummary summary;
  summary.state.totals.watches = summary.state.totals.open = 2;
  CHECK(summary.warnings().empty());
  summary.state.totals.relists = 3;
  REQUIRE(summary.warnings().size() == 1);
  CHECK(summary.warnings()[0].starts_with("3 times a watch began anew"));
}

TEST_CASE("watches that show the same events are beyond reproach") {
  FanOut fan_out(3);
  for (FanOut::Watch watch = 0; watch < 3; ++watch) {
    fan_out.opened(watch, start + watch * 1s);
    fan_out.opened(watch, start + 1h);
    for (std::uint64_t version : {5U, 7U, 8U})
      fan_out.event(watch, kube::EventType::added, version, start + watch * 1ms);
  }
  const FanOutTotals totals = fan_out.totals();
  CHECK(totals.watches == 3);
  CHECK(totals.open == 3);
  CHECK(totals.opened.last - totals.opened.first == 2s);
  CHECK(totals.last_opened == start + 1h);
  CHECK(totals.events == 9);
  CHECK(totals.versions == 3);
  CHECK(totals.duplicated + totals.reordered + totals.missed + totals.behind == 0);
  CHECK(totals.spread.count() == 9);
  CHECK(totals.spread.max() == 2ms);
}

TEST_CASE("what a watch has not come to yet is behind, what it went past is missed") {
  FanOut fan_out(3);
  show(fan_out, 0, {1, 2, 3, 4});
  show(fan_out, 1, {1, 4});
  show(fan_out, 2, {1, 2});
  CHECK(fan_out.totals().missed == 2);
  CHECK(fan_out.totals().behind == 2);
}

TEST_CASE("what only a later watch shows was missed by those that went past it") {
  FanOut fan_out(3);
  show(fan_out, 0, {1, 3});
  show(fan_out, 1, {1, 3});
  show(fan_out, 2, {1, 2, 3});
  CHECK(fan_out.totals().missed == 2);
  CHECK(fan_out.totals().versions == 3);
  CHECK(fan_out.totals().behind == 0);
}

TEST_CASE("events are counted by type, on all watches together") {
  FanOut fan_out(2);
  fan_out.event(0, kube::EventType::added, 1, start);
  fan_out.event(0, kube::EventType::modified, 2, start);
  fan_out.event(0, kube::EventType::modified, 3, start);
  fan_out.event(1, kube::EventType::added, 1, start);
  FanOut other(1);
  other.event(0, kube::EventType::deleted, 4, start);
  const FanOutTotals totals = merge({&fan_out, &other});
  CHECK(totals.events == 5);
  CHECK(totals.added == 2);
  CHECK(totals.modified == 2);
  CHECK(totals.deleted == 1);
}

TEST_CASE("an event that comes twice is duplicated, one that comes late is reordered") {
  FanOut fan_out(2);
  show(fan_out, 0, {1, 2, 2, 3, 1});
  CHECK(fan_out.totals().duplicated == 2);
  show(fan_out, 1, {1, 3, 2});
  const FanOutTotals totals = fan_out.totals();
  CHECK(totals.duplicated == 2);
  CHECK(totals.reordered == 1);
  CHECK(totals.missed == 0);
}

TEST_CASE("events that change places on every watch are reordered on every watch") {
  FanOut fan_out(3);
  for (FanOut::Watch watch = 0; watch < 3; ++watch) show(fan_out, watch, {1, 3, 2, 4});
  const FanOutTotals totals = fan_out.totals();
  CHECK(totals.reordered == 3);
  CHECK(totals.missed + totals.behind + totals.duplicated == 0);
  CHECK(totals.versions == 4);
}

TEST_CASE("bookmarks and lists take a watch past what it has not shown") {
  FanOut fan_out(3);
  show(fan_out, 0, {1, 2, 3});
  fan_out.reached(1, 2);
  fan_out.relisted(2, 3);
  CHECK(fan_out.totals().missed == 5);
  CHECK(fan_out.totals().behind == 1);
  CHECK(fan_out.totals().relists == 1);
}

TEST_CASE("old events are dropped, and those who had not come to them missed them") {
  FanOut fan_out(2);
  for (std::uint64_t version = 1; version <= 1'000'001; ++version)
    fan_out.event(0, kube::EventType::added, version, start);
  CHECK(fan_out.versions().size() == 500'001);
  CHECK(fan_out.totals().versions == 1'000'001);
  CHECK(fan_out.totals().missed == 500'000);
  CHECK(fan_out.totals().behind == 500'001);
  fan_out.event(1, kube::EventType::added, 500'001, start);
  CHECK(fan_out.totals().behind == 500'000);
}

TEST_CASE("what many watches miss is counted to the last, and a million of it may still come late") {
  constexpr FanOut::Watch watches = 300;
  FanOut fan_out(watches);
  for (std::uint64_t version = 1; version <= 5'000; ++version)
    fan_out.event(0, kube::EventType::added, version, start);
  for (FanOut::Watch watch = 1; watch < watches; ++watch) fan_out.reached(watch, 5'000);
  CHECK(fan_out.totals().missed == 299 * 5'000);
  fan_out.event(1, kube::EventType::added, 7, start);
  CHECK(fan_out.totals().reordered == 1);
  CHECK(fan_out.totals().missed == 299 * 5'000 - 1);
  fan_out.event(1, kube::EventType::added, 7, start);
  CHECK(fan_out.totals().duplicated == 1);
  fan_out.event(299, kube::EventType::added, 7, start);
  CHECK(fan_out.totals().reordered == 1);
  CHECK(fan_out.totals().missed == 299 * 5'000 - 1);
}

TEST_CASE("shards are held against each other") {
  FanOut one(2);
  FanOut other(3);
  for (FanOut::Watch watch = 0; watch < 2; ++watch) show(one, watch, {1, 2, 3, 4});
  for (FanOut::Watch watch = 0; watch < 3; ++watch) show(other, watch, {1, 3});
  const FanOutTotals totals = merge({&one, &other});
  CHECK(totals.watches == 5);
  CHECK(totals.events == 14);
  CHECK(totals.versions == 4);
  CHECK(totals.missed == 3);
  CHECK(totals.behind == 3);
}

// Watches of one history, each of which loses, doubles and swaps events as chance will have it.
TEST_CASE("what chance does to many watches is counted exactly") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    base::Random random(seed, "fan out");
    constexpr FanOut::Watch watches = 20;
    FanOut fan_out(watches);
    std::vector<std::uint64_t> next(watches, 1);
    std::uint64_t lost = 0;
    std::uint64_t doubled = 0;
    std::uint64_t swapped = 0;
    constexpr std::uint64_t last = 200;
    for (int step = 0; step < 100'000; ++step) {
      const auto watch = static_cast<FanOut::Watch>(random.below(watches));
      std::uint64_t& version = next[watch];
      if (version > last) continue;
      // The first watch shows everything in order, so that each event is known; the last one ends it.
      const std::uint64_t chance = watch == 0 || version + 1 >= last ? 99 : random.below(20);
      if (chance == 0) {
        ++lost;
      } else if (chance == 1) {
        ++doubled;
        show(fan_out, watch, {version, version});
      } else if (chance == 2) {
        ++swapped;
        show(fan_out, watch, {version + 1, version});
        ++version;
      } else {
        show(fan_out, watch, {version});
      }
      ++version;
    }
    const FanOutTotals totals = fan_out.totals();
    CHECK(totals.missed == lost);
    CHECK(totals.duplicated == doubled);
    CHECK(totals.reordered == swapped);
    CHECK(totals.behind == 0);
    CHECK(totals.versions == last);
  }
}

}  // namespace
}  // namespace k8scale::observe
