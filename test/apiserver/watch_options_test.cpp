#include "apiserver/watch_options.h"

#include "catch.h"
#include "watching.h"

namespace k8scale::apiserver {
namespace {

constexpr const char* any = "resourceVersionMatch=NotOlderThan&";

Names causes(const Json& status) {
  Names found;
  for (const Json& each : status["details"]["causes"]) found.push_back(each["message"].get<std::string>());
  return found;
}

TEST_CASE("a boolean of a watch is true unless it is absent, 0 or false") {
  WatchedApi api;
  int count = 0;
  const auto begins_with_bookmark = [&](const std::string& value) {
    WatchClient& watch = api.watch(any + ("sendInitialEvents=true&allowWatchBookmarks" + value));
    api.create("a" + std::to_string(count));
    const Names before(static_cast<std::size_t>(count++), "");
    const Names events = watch.wait_for(before.size() + 1);
    return events[before.size()] == "BOOKMARK ";
  };
  for (const char* value : {"=true", "=True", "=1", "=t", "=yes", "=", ""})
    CHECK(begins_with_bookmark(value));
  for (const char* value : {"=false", "=False", "=FALSE", "=0"}) CHECK_FALSE(begins_with_bookmark(value));
}

TEST_CASE("initial events and their match are refused apart, with the causes of kube-apiserver") {
  WatchedApi api;
  const auto refusal = [&](const std::string& options) {
    WatchClient& watch = api.watch(options);
    CHECK(watch.status() == 422);
    return causes(watch.events()[0]);
  };
  CHECK(refusal("sendInitialEvents=true") ==
        Names{"Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"});
  CHECK(refusal("sendInitialEvents=false&resourceVersionMatch=Exact") ==
        Names{"Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
              "Unsupported value: \"Exact\": supported values: \"NotOlderThan\""});
  CHECK(refusal("resourceVersionMatch=NotOlderThan&continue=x") ==
        Names{"Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
              "Forbidden: resourceVersionMatch is forbidden when continue is provided"});
}

TEST_CASE("initial events can be declined") {
  WatchedApi api;
  api.create("a");
  WatchClient& watch = api.watch(std::string(any) + "sendInitialEvents=false");
  api.create("b");
  CHECK(watch.wait_for(1) == Names{"ADDED b"});
}

TEST_CASE("initial events end with a bookmark that says so") {
  WatchedApi api;
  api.create("a");
  WatchClient& watch = api.watch(std::string(any) + "sendInitialEvents=1&allowWatchBookmarks=1");
  REQUIRE(watch.wait_for(2) == Names{"ADDED a", "BOOKMARK "});
  const Json metadata = watch.events()[1]["object"]["metadata"];
  CHECK(metadata["annotations"]["k8s.io/initial-events-end"] == "true");
  CHECK(metadata["resourceVersion"] == std::to_string(api.revision()));
}

TEST_CASE("what is no number and no selector is refused") {
  WatchedApi api;
  CHECK(api.watch("timeoutSeconds=abc").status() == 400);
  CHECK(api.watch("resourceVersion=abc").status() == 500);
  CHECK(api.watch("fieldSelector=foo=bar").status() == 400);
  CHECK(api.watch("labelSelector=a%20b").status() == 400);
}

TEST_CASE("a named object is not watched but got") {
  WatchedApi api;
  api.create("a");
  CHECK(api.api().get(config_maps + "/a?watch=true").body["metadata"]["name"] == "a");
}

}  // namespace
}  // namespace k8scale::apiserver
