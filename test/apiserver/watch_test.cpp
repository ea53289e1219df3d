#include "catch.h"
#include "watching.h"

namespace k8scale::apiserver {
namespace {

std::string from(std::uint64_t revision) { return "resourceVersion=" + std::to_string(revision); }

std::string version_of(const Json& event) {
  return std::string(text_member(member(member(event, "object"), "metadata"), "resourceVersion"));
}

TEST_CASE("a watch shows every change after the version that it names, and then those to come") {
  WatchedApi api;
  api.create("before");
  const std::uint64_t start = api.revision();
  api.create("a");
  api.relabel("a", {{"x", "y"}});
  WatchClient& watch = api.watch(from(start));
  CHECK(watch.wait_for(2) == Names{"ADDED a", "MODIFIED a"});
  api.remove("a");
  CHECK(watch.wait_for(3).back() == "DELETED a");
  CHECK(version_of(watch.events().back()) == std::to_string(api.revision()));
  CHECK(watch.content_type() == "application/json");
}

TEST_CASE("a watch from version 0, or none, begins with the objects that exist") {
  for (const char* options : {"", "resourceVersion=0"}) {
    WatchedApi api;
    api.create("a");
    api.create("b");
    WatchClient& watch = api.watch(options);
    api.create("c");
    CHECK(watch.wait_for(3) == Names{"ADDED a", "ADDED b", "ADDED c"});
  }
}

TEST_CASE("a watch is of one namespace, one resource, or all namespaces") {
  WatchedApi api;
  const std::uint64_t start = api.revision();
  WatchClient& one = api.watch(from(start));
  WatchClient& other = api.watch_at("/api/v1/namespaces/kube-system/configmaps?watch=1&" + from(start));
  WatchClient& all = api.watch_at("/api/v1/configmaps?watch=1&" + from(start));
  WatchClient& secrets = api.watch_at("/api/v1/secrets?watch=1&" + from(start));
  api.create("a");
  REQUIRE(
      api.api().post("/api/v1/namespaces/kube-system/configmaps", {{"metadata", {{"name", "b"}}}}).status ==
      201);
  REQUIRE(api.api().post("/api/v1/namespaces/default/secrets", {{"metadata", {{"name", "s"}}}}).status ==
          201);
  CHECK(one.wait_for(1) == Names{"ADDED a"});
  CHECK(other.wait_for(1) == Names{"ADDED b"});
  CHECK(all.wait_for(2) == Names{"ADDED a", "ADDED b"});
  CHECK(secrets.wait_for(1) == Names{"ADDED s"});
}

TEST_CASE("an object that begins to match is added, one that ceases to match is deleted as it was last") {
  WatchedApi api;
  api.create("a");
  const std::uint64_t start = api.revision();
  WatchClient& watch = api.watch("labelSelector=x=y&" + from(start));
  api.relabel("a", {{"x", "y"}});
  api.relabel("a", {{"x", "z"}});
  api.relabel("a", {{"x", "w"}});
  api.create("b", {{"x", "y"}});
  REQUIRE(watch.wait_for(3) == Names{"ADDED a", "DELETED a", "ADDED b"});
  const Json deleted = watch.events()[1];
  CHECK(deleted["object"]["metadata"]["labels"]["x"] == "y");
  CHECK(version_of(deleted) == std::to_string(start + 2));
}

TEST_CASE("fields select too") {
  WatchedApi api;
  WatchClient& watch = api.watch("fieldSelector=metadata.name=b&" + from(api.revision()));
  api.create("a");
  api.create("b");
  CHECK(watch.wait_for(1) == Names{"ADDED b"});
}

TEST_CASE("a version that is too old is an error event of code 410 in an answer of status 200") {
  WatchedApi api({}, {3, SIZE_MAX});
  const std::uint64_t start = api.revision();
  for (const char* name : {"a", "b", "c", "d"}) api.create(name);
  WatchClient& watch = api.watch(from(start));
  watch.wait_for_end();
  CHECK(watch.status() == 200);
  CHECK(watch.finished());
  REQUIRE(watch.events().size() == 1);
  const Json event = watch.events()[0];
  CHECK(event["type"] == "ERROR");
  CHECK(event["object"]["code"] == 410);
  CHECK(event["object"]["reason"] == "Expired");
  CHECK(api.watch(from(start + 1)).wait_for(3) == Names{"ADDED b", "ADDED c", "ADDED d"});
}

TEST_CASE("what happens to other resources does not make a version too old") {
  WatchedApi api({}, {3, SIZE_MAX});
  api.create("a");
  const std::uint64_t start = api.revision();
  WatchClient& resting = api.watch(from(start));
  for (int i = 0; i < 10; ++i) {
    const Json secret = {{"metadata", {{"name", "s" + std::to_string(i)}}}};
    REQUIRE(api.api().post("/api/v1/namespaces/default/secrets", secret).status == 201);
  }
  api.create("b");
  CHECK(resting.wait_for(1) == Names{"ADDED b"});
  CHECK(api.watch(from(start)).wait_for(1) == Names{"ADDED b"});
}

TEST_CASE("a reader that falls out of the window is ended without an error, and holds nobody up") {
  WatchedApi api({}, {3, SIZE_MAX});
  WatchClient& slow = api.watch(from(api.revision()));
  WatchClient& quick = api.watch(from(api.revision()));
  slow.block(true);
  for (int i = 0; i < 10; ++i) {
    api.create("a" + std::to_string(i));
    quick.wait_for(static_cast<std::size_t>(i) + 1);
  }
  slow.block(false);
  slow.wait_for_end();
  CHECK(slow.finished());
  CHECK(slow.summary() == Names{"ADDED a0"});
}

TEST_CASE("a reader that falls out of the window holds no events beside a quick one") {
  WatchedApi api({}, {3, SIZE_MAX});
  WatchClient& slow = api.watch(from(api.revision()));
  WatchClient& quick = api.watch(from(api.revision()));
  slow.block(true);
  for (int i = 0; i < 10; ++i) {
    api.create("a" + std::to_string(i));
    quick.wait_for(static_cast<std::size_t>(i) + 1);
  }
  api.wait_until_encoded(0);
  slow.block(false);
  slow.wait_for_end();
}

TEST_CASE("a reader that is slow for long holds no more events of others than the window does") {
  WatchedApi api({}, {3, SIZE_MAX});
  const std::string everywhere = "?watch=true&" + from(api.revision());
  WatchClient& slow = api.watch(from(api.revision()));
  WatchClient& quick = api.watch_at("/api/v1/namespaces/default/secrets" + everywhere);
  slow.block(true);
  api.create("a");
  for (int i = 0; i < 10; ++i) {
    const Json secret = {{"metadata", {{"name", "s" + std::to_string(i)}}}};
    REQUIRE(api.api().post("/api/v1/namespaces/default/secrets", secret).status == 201);
    quick.wait_for(static_cast<std::size_t>(i) + 1);
  }
  api.wait_until_encoded(3);
}

TEST_CASE("a reader that was slow for a while misses nothing that is in the window") {
  WatchedApi api;
  WatchClient& slow = api.watch(from(api.revision()));
  slow.block(true);
  Names expected;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "a" + std::to_string(i);
    api.create(name);
    expected.push_back("ADDED " + name);
  }
  slow.block(false);
  CHECK(slow.wait_for(300) == expected);
}

TEST_CASE("a large state comes piece by piece, as it was, and then what happened meanwhile") {
  WatchedApi api;
  for (int i = 100; i < 400; ++i) api.create("a" + std::to_string(i));
  WatchClient& watch =
      api.watch("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  api.remove("a399");
  api.create("a0");
  const Names events = watch.wait_for(303);
  CHECK(events[299] == "ADDED a399");
  CHECK(events[300] == "BOOKMARK ");
  CHECK(events[301] == "DELETED a399");
  CHECK(events[302] == "ADDED a0");
}

TEST_CASE("many watches all get everything, in order") {
  WatchedApi api;
  std::vector<WatchClient*> watches(300);
  for (WatchClient*& each : watches) each = &api.watch(from(api.revision()));
  Names expected;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "a" + std::to_string(i);
    api.create(name);
    expected.push_back("ADDED " + name);
  }
  for (WatchClient* each : watches) CHECK(each->wait_for(20) == expected);
}

TEST_CASE("a watch ends after its timeout, when its client goes, and when the server stops") {
  WatchedApi api;
  const std::string start = from(api.revision());
  WatchClient& timed = api.watch("timeoutSeconds=1&" + start);
  timed.wait_for_end();
  CHECK(timed.finished());
  WatchClient& negative = api.watch("timeoutSeconds=-1&" + start);
  negative.wait_for_end();
  CHECK(negative.finished());
  WatchClient& left = api.watch(start);
  left.go_away();
  left.wait_for_end();
  CHECK_FALSE(left.finished());
  WatchClient& stopped = api.watch(start);
  api.stop();
  stopped.wait_for_end();
  CHECK(stopped.finished());
}

TEST_CASE("a bookmark comes before the end, if the client wants it") {
  WatchedApi api;
  const std::string options = "timeoutSeconds=3&" + from(api.revision());
  WatchClient& with = api.watch("allowWatchBookmarks=true&" + options);
  WatchClient& without = api.watch(options);
  api.create("a");
  with.wait_for_end();
  without.wait_for_end();
  REQUIRE(with.summary() == Names{"ADDED a", "BOOKMARK "});
  CHECK(version_of(with.events()[1]) == std::to_string(api.revision()));
  CHECK(without.summary() == Names{"ADDED a"});
}

TEST_CASE("a watch from the future is refused, a streamed list waits for it a while") {
  WatchedApi api;
  const std::uint64_t now = api.revision();
  WatchClient& watch = api.watch(from(now + 1));
  CHECK(watch.status() == 504);
  CHECK(watch.events()[0]["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge");
  CHECK(watch.events()[0]["details"]["retryAfterSeconds"] == 1);
  const std::string list = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&";
  WatchClient& early = api.watch(list + from(now + 1));
  WatchClient& far = api.watch(list + from(now + 100));
  api.create("a");
  CHECK(early.wait_for(1) == Names{"ADDED a"});
  far.wait_for_end();
  CHECK(far.status() == 200);
  CHECK(far.finished());
  CHECK(far.events()[0]["type"] == "ERROR");
  CHECK(far.events()[0]["object"]["code"] == 504);
}

TEST_CASE("events come in every form that their objects have") {
  WatchedApi api;
  const std::string start = from(api.revision());
  WatchClient& table = api.watch(start, "application/json;as=Table;g=meta.k8s.io;v=v1");
  WatchClient& partial = api.watch(start, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
  WatchClient& binary = api.watch(start, "application/vnd.kubernetes.protobuf");
  api.create("a");
  api.remove("a");
  table.wait_for(2);
  CHECK(table.events()[0]["object"]["columnDefinitions"].size() == 3);
  CHECK(table.events()[0]["object"]["rows"][0]["cells"][0] == "a");
  CHECK(table.events()[1]["object"]["columnDefinitions"].is_null());
  CHECK(partial.wait_for(2) == Names{"ADDED a", "DELETED a"});
  CHECK(partial.events()[1]["object"]["kind"] == "PartialObjectMetadata");
  CHECK(version_of(partial.events()[1]) == std::to_string(api.revision()));
  CHECK(binary.content_type() == "application/vnd.kubernetes.protobuf;stream=watch");
  CHECK(api.watch_at("/apis/example.com/v1/widgets?watch=true", "application/vnd.kubernetes.protobuf")
            .status() == 406);
  const std::string flunders = "/apis/wardle.example.com/v1alpha1/flunders?watch=true";
  CHECK(api.watch_at(flunders, "application/vnd.kubernetes.protobuf").status() == 406);
}

}  // namespace
}  // namespace k8scale::apiserver
