#include "recorded.h"

using namespace k8scale::kube;
using namespace k8scale::kube::test;
using Words = std::vector<std::string>;

TEST_CASE("a reflector lists, watches from the list's version, and resumes from the last version it saw") {
  Running running({
      {{list(object("a", 3) + "," + object("b", 4), 10)}},
      {{event("ADDED", object("c", 11)), event("MODIFIED", object("a", 12)), bookmark(20)}},
      {{event("DELETED", object("b", 21))}, Then::hold},
  });
  running.told.wait_for("deleted:b@21");
  CHECK(running.told.words() == Words{"begin", "listed:a@3", "listed:b@4", "end@10", "added:c@11",
                                      "modified:a@12", "bookmark@20", "deleted:b@21"});
  const auto targets = running.server.targets();
  REQUIRE(targets.size() == 3);
  CHECK(targets[0] == "/api/v1/namespaces/ns/configmaps?limit=500&resourceVersion=0");
  CHECK(targets[1].find("?watch=true&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=") !=
        std::string::npos);
  CHECK(targets[2].find("resourceVersion=20&") != std::string::npos);
  const ReflectorCounters& counters = running.counters();
  CHECK(counters.lists == 1);
  CHECK(counters.watches == 2);
  CHECK(counters.resumes == 1);
  CHECK(counters.bookmarks == 1);
}
