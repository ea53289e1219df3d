#include "k8scale/load/namespace_content.h"

#include <map>
#include <string>

#include "catch.h"
#include "fake_api.h"
#include "k8scale/load/cleanup.h"
#include "k8scale/load/run_namespace.h"

namespace k8scale::load {
namespace {

constexpr const char* groups = R"({"groups":[
  {"name":"apps","preferredVersion":{"groupVersion":"apps/v1","version":"v1"},
   "versions":[{"version":"v2"},{"version":"v1"}]}]})";
constexpr const char* core_kinds = R"({"resources":[
  {"name":"configmaps","kind":"ConfigMap","namespaced":true,"verbs":["delete","list"]},
  {"name":"secrets","kind":"Secret","namespaced":true,"verbs":["delete","list"]},
  {"name":"serviceaccounts","kind":"ServiceAccount","namespaced":true,"verbs":["delete","list"]},
  {"name":"podmetrics","kind":"PodMetrics","namespaced":true,"verbs":["list"]},
  {"name":"bindings","kind":"Binding","namespaced":true,"verbs":["create"]},
  {"name":"pods/log","kind":"Pod","namespaced":true,"verbs":["delete","list"]},
  {"name":"nodes","kind":"Node","namespaced":false,"verbs":["delete","list"]}]})";
constexpr const char* older_apps_kinds = R"({"resources":[
  {"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["delete","list"]},
  {"name":"olders","kind":"Older","namespaced":true,"verbs":["delete","list"]}]})";
constexpr const char* apps_kinds = R"({"resources":[
  {"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["delete","list"]}]})";

std::string list_of(const std::string& name) {
  return name.empty() ? R"({"kind":"List","items":[]})"
                      : R"({"kind":"List","items":[{"metadata":{"name":")" + name + R"("}}]})";
}

// A server of these kinds with a namespace "a"; `content` has the status and the object of a kind.
struct Scene {
  std::map<std::string, std::pair<int, std::string>> content;
  std::string groups_told = groups;
  int apps_status = 200;
  int deletes = 0;
  FakeApi api{[this](const net::ServerRequest& request) { return answer(request); }};

  net::Response answer(const net::ServerRequest& request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (request.method == "DELETE") {
      ++deletes;
      return reply(200);
    }
    if (path == "/apis") return reply(200, groups_told);
    if (path == "/api/v1") return reply(200, core_kinds);
    if (path == "/apis/apps/v2") return reply(200, older_apps_kinds);
    if (path == "/apis/apps/v1") return reply(apps_status, apps_kinds);
    const auto found = content.find(path.substr(path.rfind('/') + 1));
    if (found == content.end()) return reply(200, list_of(""));
    return reply(found->second.first, list_of(found->second.second));
  }

  // Why the run "r" must not delete the namespace.
  std::string why() {
    const auto kept = api.shard.run(
        remove_namespaces(api.shard, api.servers->client(0), {"a"}, "r", base::SteadyTime::max()));
    return kept.empty() ? "" : kept.front().why;
  }
};

}  // namespace

TEST_CASE("a namespace goes with its run when nothing of others is in it") {
  Scene scene;
  scene.content = {{"configmaps", {200, "kube-root-ca.crt"}},
                   {"secrets", {200, GENERATE("r-7", "default-token-x2b7c", "builder-dockercfg-abcde")}},
                   {"podmetrics", {200, "web"}},
                   {"serviceaccounts", {200, "default"}},
                   {"deployments", {403, ""}}};
  CHECK(scene.why().empty());
  CHECK(scene.deletes == 1);
}

TEST_CASE("an object of somebody else keeps a namespace, whatever its kind") {
  Scene scene;
  scene.content = {
      {GENERATE("configmaps", "secrets", "deployments", "olders"), {200, GENERATE("mine", "r-x", "q-7")}}};
  const std::string kind = scene.content.begin()->first;
  const std::string name = scene.content.begin()->second.second;
  CHECK_THAT(scene.why(), Catch::StartsWith("has " + kind) && Catch::EndsWith(" " + name));
  CHECK(scene.deletes == 0);
}

TEST_CASE("what could not be looked at keeps a namespace") {
  Scene scene;
  SECTION("a kind that cannot be listed") {
    scene.content = {{"secrets", {500, ""}}};
    CHECK_THAT(scene.why(), Catch::StartsWith("its secrets could not be listed: "));
  }
  SECTION("a group that does not say what it has") {
    scene.apps_status = 503;
    CHECK_THAT(scene.why(), Catch::StartsWith("what is in it is not known: /apis/apps/v1: "));
  }
  SECTION("groups that are no list, or have no versions") {
    scene.groups_told = GENERATE("{}", "nonsense", R"({"groups":[{"name":"broken"}]})");
    CHECK_THAT(scene.why(), Catch::StartsWith("what is in it is not known: /apis: "));
  }
  CHECK(scene.deletes == 0);
}

TEST_CASE("namespaces whose turn does not come in time stay") {
  Scene scene;
  const auto kept = scene.api.shard.run(
      remove_namespaces(scene.api.shard, scene.api.servers->client(0), {"a", "b"}, "r", base::SteadyTime()));
  CHECK(kept.size() == 2);
  CHECK(scene.deletes == 0);
}

}  // namespace k8scale::load
