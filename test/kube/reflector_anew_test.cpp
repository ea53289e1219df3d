#include "recorded.h"

using namespace k8scale::kube;
using namespace k8scale::kube::test;

namespace {

ReflectorOptions listing_again() {
  ReflectorOptions options = quick_options();
  options.after_watch = AfterWatch::list_again;
  return options;
}

}  // namespace

TEST_CASE("one that lists again begins anew after each watch, with the newest list") {
  const Then ending = GENERATE(Then::finish, Then::cut);
  Running running({{{list("", 10)}},
                   {{event("ADDED", object("a", 11))}, ending},
                   {{list(object("a", 11), 20)}},
                   {{event("DELETED", object("a", 21))}, Then::hold}},
                  listing_again());
  running.told.wait_for("deleted:a@21");
  const auto targets = running.server.targets();
  CHECK(targets[0] == "/api/v1/namespaces/ns/configmaps?limit=500");
  CHECK(has(targets[1], "resourceVersion=10&"));
  CHECK(targets[2] == targets[0]);
  CHECK(has(targets[3], "resourceVersion=20&"));
  CHECK(running.counters().lists == 2);
  CHECK(running.counters().resumes == 0);
  CHECK_FALSE(running.failure());
}

TEST_CASE("one that lists again gives up when a list fails") {
  Running running({{403, status(403, "Forbidden", "configmaps is forbidden")}}, listing_again());
  running.wait_for_end();
  REQUIRE(running.failure());
  CHECK(running.failure()->step == ReflectorFailure::Step::list);
  CHECK(running.failure()->message == "configmaps is forbidden");
}

TEST_CASE("one that lists again gives up when a watch cannot be opened") {
  Running running({{{list("", 10)}}, {500, "oops"}}, listing_again());
  running.wait_for_end();
  REQUIRE(running.failure());
  CHECK(running.failure()->step == ReflectorFailure::Step::watch);
  CHECK(running.server.targets().size() == 2);
}

TEST_CASE("one that lists again waits when the server asks for it") {
  Running running({Reply(429, "slow down").with("Retry-After", "0"), {{list("", 10)}}}, listing_again());
  running.told.wait_for("end@10");
  CHECK_FALSE(running.failure());
}

TEST_CASE("a version to start at is watched from, without a list") {
  ReflectorOptions options = quick_options();
  options.start_version = "7";
  Running running({{{event("ADDED", object("a", 8))}}, {{event("ADDED", object("b", 9))}, Then::hold}},
                  options);
  running.told.wait_for("added:b@9");
  const auto targets = running.server.targets();
  CHECK(has(targets[0], "watch=true"));
  CHECK(has(targets[0], "resourceVersion=7&"));
  CHECK(has(targets[1], "resourceVersion=8&"));
  CHECK(running.counters().lists == 0);
}
