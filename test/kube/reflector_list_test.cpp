#include "recorded.h"

using namespace k8scale::kube;
using namespace k8scale::kube::test;
using Words = std::vector<std::string>;

namespace {

ReflectorOptions streaming_options() {
  ReflectorOptions options = quick_options();
  options.stream_lists = true;
  return options;
}

const std::string initial_events_end = R"(,"annotations":{"k8s.io/initial-events-end":"true"})";

}  // namespace

TEST_CASE("a list is read page by page") {
  Running running({
      {{list(object("a", 3), 10, "to/ken+1")}},
      {{list(object("b", 4), 10)}},
  });
  running.server.wait_for_requests(3);
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "listed:b@4", "end@10"});
  const auto targets = running.server.targets();
  CHECK(has(targets[0], "?limit=500&resourceVersion=0"));
  CHECK(has(targets[1], "?limit=500&continue=to%2Fken%2B1"));
  CHECK(!has(targets[1], "resourceVersion"));
  CHECK(has(targets[2], "resourceVersion=10&"));
  CHECK(running.counters().lists == 1);
}

TEST_CASE("a list whose next page has expired is read again as a whole") {
  Running running({
      {{list(object("a", 3), 10, "token")}},
      {410, status(410, "Expired", "The provided continue parameter is too old", R"({})")},
      {{list(object("a", 3) + "," + object("b", 11), 12)}},
  });
  running.server.wait_for_requests(4);
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "begin", "listed:a@3", "listed:b@11", "end@12"});
  CHECK(has(running.server.targets()[2], "?resourceVersion=0"));
  CHECK(running.counters().expired == 1);
}

TEST_CASE("a list that breaks off begins again") {
  const std::string whole = list(object("a", 3) + "," + object("b", 4), 10);
  Running running({
      {{whole.substr(0, whole.find(object("b", 4)))}, Then::cut},
      {{whole}},
  });
  running.told.wait_for("end@10");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "begin", "listed:a@3", "listed:b@4", "end@10"});
  CHECK(running.counters().errors.at("reset") == 1);
}

TEST_CASE("half a list is garbage, and the list begins again") {
  const std::string whole = list(object("a", 3) + "," + object("b", 4), 10);
  Running running({
      {{whole.substr(0, whole.size() / 2)}},
      {{"nonsense"}},
      {{list(R"({"metadata":{}})", 9)}},
      {{whole}},
  });
  running.told.wait_for("end@10");
  CHECK(running.counters().garbage == 3);
  CHECK(running.counters().errors.at("garbage") == 3);
  CHECK(running.counters().lists == 1);
}

TEST_CASE("a list that the server streams is followed by changes on the same watch") {
  Running running(
      {
          {{event("ADDED", object("a", 3)), event("ADDED", object("b", 4)), bookmark(10, initial_events_end),
            event("MODIFIED", object("a", 11))}},
          {{event("DELETED", object("a", 12))}, Then::hold},
      },
      streaming_options());
  running.told.wait_for("deleted:a@12");
  CHECK(running.told.words() ==
        Words{"begin", "listed:a@3", "listed:b@4", "end@10", "modified:a@11", "deleted:a@12"});
  const auto targets = running.server.targets();
  CHECK(has(targets[0], "watch=true&allowWatchBookmarks=true&timeoutSeconds="));
  CHECK(has(targets[0], "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"));
  CHECK(has(targets[1], "resourceVersion=11&"));
  CHECK(!has(targets[1], "sendInitialEvents"));
  CHECK(running.counters().lists == 1);
  CHECK(running.counters().watches == 2);
  CHECK(running.counters().resumes == 1);
}

TEST_CASE("a server that cannot stream lists is asked for plain ones from then on") {
  Running running(
      {
          {422, status(422, "Invalid", "sendInitialEvents is forbidden")},
          {{list(object("a", 3), 10)}},
          {410, status(410, "Expired", "too old resource version: 10 (20)")},
          {{list(object("b", 30), 40)}},
      },
      streaming_options());
  running.told.wait_for("end@40");
  CHECK(running.told.words() ==
        Words{"begin", "begin", "listed:a@3", "end@10", "begin", "listed:b@30", "end@40"});
  const auto targets = running.server.targets();
  CHECK(has(targets[1], "configmaps?limit=500&resourceVersion=0"));
  CHECK(has(targets[3], "configmaps?resourceVersion=10"));
  CHECK(!has(targets[3], "limit"));
  CHECK(running.counters().lists == 2);
  CHECK(running.counters().expired == 1);
  CHECK(running.counters().errors == ErrorCounts{{"Expired", 1}});
}

TEST_CASE("a streamed list that stands still is given up for a plain one") {
  Running running(
      {
          {{event("ADDED", object("a", 3))}, Then::hold},
          {{list(object("a", 3), 10)}},
      },
      streaming_options());
  running.told.wait_for("end@10");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "begin", "listed:a@3", "end@10"});
  CHECK(running.counters().errors.at("stalled") == 1);
}

TEST_CASE("a streamed list that ends without its bookmark is given up for a plain one") {
  Running running(
      {
          {{event("ADDED", object("a", 3))}},
          {{list(object("a", 3), 10)}},
      },
      streaming_options());
  running.told.wait_for("end@10");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "begin", "listed:a@3", "end@10"});
}

TEST_CASE("a bookmark of a server that does not know streamed lists is enough to ask for a plain one") {
  ReflectorOptions options = streaming_options();
  options.times.list_progress = std::chrono::hours(1);
  Running running(
      {
          {{event("ADDED", object("a", 3)), bookmark(10)}, Then::hold},
          {{list(object("a", 3), 10)}},
      },
      options);
  running.told.wait_for("end@10");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "begin", "listed:a@3", "end@10"});
}

TEST_CASE("a streamed list that goes on with events for ever is given up for a plain one") {
  ReflectorOptions options = streaming_options();
  options.times.list_progress = std::chrono::hours(1);
  options.times.list_whole = std::chrono::milliseconds(100);
  Running running(
      {
          {{event("ADDED", object("a", 3))}, Then::repeat},
          {{list(object("a", 3), 10)}},
      },
      options);
  running.told.wait_for("end@10");
  CHECK(running.counters().errors.at("stalled") == 1);
  CHECK(!has(running.server.targets()[1], "sendInitialEvents"));
}

TEST_CASE("objects that change or go while a list is streamed belong to it") {
  Running running(
      {
          {{event("ADDED", object("a", 3)), event("ADDED", object("b", 4)), event("MODIFIED", object("a", 5)),
            event("DELETED", object("b", 6)), bookmark(10, initial_events_end)},
           Then::hold},
      },
      streaming_options());
  running.told.wait_for("end@10");
  CHECK(running.told.words() ==
        Words{"begin", "listed:a@3", "listed:b@4", "listed:a@5", "deleted:b@6", "end@10"});
  CHECK(running.counters().lists == 1);
}

TEST_CASE("a streamed list is asked for again when the server is overloaded") {
  Running running(
      {
          {429, "too many requests"},
          {500, status(500, "InternalError", "etcd is gone")},
          {{event("ADDED", object("a", 3)), bookmark(10, initial_events_end)}, Then::hold},
      },
      streaming_options());
  running.told.wait_for("end@10");
  CHECK(has(running.server.targets()[2], "sendInitialEvents=true"));
  CHECK(running.counters().errors.at("TooManyRequests") == 1);
  CHECK(running.counters().errors.at("InternalError") == 1);
}

TEST_CASE("selectors go with lists and watches, percent-encoded") {
  ReflectorOptions options = quick_options();
  options.label_selector = "app in (a,b)";
  options.field_selector = "metadata.name=x";
  Running running({{{list("", 10)}}}, options);
  running.server.wait_for_requests(2);
  for (const std::string& target : running.server.targets()) {
    CHECK(has(target, "?labelSelector=app%20in%20%28a%2Cb%29&fieldSelector=metadata.name%3Dx&"));
  }
}

TEST_CASE("a watch is asked for with a timeout of 5 to 10 minutes") {
  std::vector<Reply> replies = {{{list("", 10)}}};
  for (int i = 0; i < 20; ++i) replies.push_back({{bookmark(11)}});
  Running running(replies);
  running.server.wait_for_requests(21);
  const auto targets = running.server.targets();
  std::vector<int> seconds;
  for (std::size_t i = 1; i < 21; ++i) {
    const std::string name = "timeoutSeconds=";
    seconds.push_back(std::stoi(targets[i].substr(targets[i].find(name) + name.size())));
  }
  CHECK(*std::min_element(seconds.begin(), seconds.end()) >= 300);
  CHECK(*std::max_element(seconds.begin(), seconds.end()) <= 600);
  CHECK(seconds.front() != seconds.back());
}
