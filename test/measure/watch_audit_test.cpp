#include "k8scale/measure/watch_audit.h"

#include "catch.h"

namespace k8scale::measure {
namespace {

TEST_CASE("versions that only rise are in order") {
  WatchAudit audit;
  for (std::uint64_t version = 3; version < 10'000; version += 3) {
    CHECK(audit.judge(version) == EventOrder::forward);
  }
}

TEST_CASE("a version that comes twice is duplicated, at once or later") {
  WatchAudit audit;
  for (const std::uint64_t version : {5, 6, 7}) CHECK(audit.judge(version) == EventOrder::forward);
  for (const std::uint64_t version : {7, 5, 5}) CHECK(audit.judge(version) == EventOrder::duplicated);
  CHECK(audit.judge(8) == EventOrder::forward);
}

TEST_CASE("an event that comes after later ones is reordered, once") {
  WatchAudit audit;
  for (const std::uint64_t version : {5, 9, 10}) CHECK(audit.judge(version) == EventOrder::forward);
  CHECK(audit.judge(7) == EventOrder::reordered);
  CHECK(audit.judge(8) == EventOrder::reordered);
  CHECK(audit.judge(7) == EventOrder::duplicated);
  CHECK(audit.judge(11) == EventOrder::forward);
}

TEST_CASE("what is known of old versions is bounded") {
  WatchAudit audit;
  for (std::uint64_t version = 1; version <= 1025; ++version)
    CHECK(audit.judge(version) == EventOrder::forward);
  CHECK(audit.judge(2) == EventOrder::duplicated);
  CHECK(audit.judge(1) == EventOrder::reordered);
}

}  // namespace
}  // namespace k8scale::measure
