#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

const std::string spaces = "/api/v1/namespaces";
const std::string inside = spaces + "/team/configmaps";

Reply make_namespace(Api& api) { return api.post(spaces, {{"metadata", {{"name", "team"}}}}); }

Json held_map(std::string_view name) {
  Json object = config_map(name);
  object["metadata"]["finalizers"] = {"x.io/a"};
  return object;
}

}  // namespace

TEST_CASE("the first namespaces are there") {
  Api api;
  CHECK(api.get(spaces).names() == Names{"default", "kube-node-lease", "kube-public", "kube-system"});
}

TEST_CASE("a namespace begins active, with its name as a label") {
  Api api;
  const Reply made = make_namespace(api);
  CHECK(made.status == 201);
  CHECK(made.body["status"]["phase"] == "Active");
  CHECK(made.body["spec"]["finalizers"] == Json({"kubernetes"}));
  CHECK(made.body["metadata"]["labels"]["kubernetes.io/metadata.name"] == "team");
  CHECK_FALSE(made.body["metadata"].contains("namespace"));
  CHECK(api.get(spaces + "?fieldSelector=status.phase%3DActive,metadata.name%3Dteam").names() ==
        Names{"team"});
  CHECK(api.get(spaces + "?fieldSelector=x%3Dy").message() == "field label not supported: x");
}

TEST_CASE("only a namespace's deletion makes it terminating, not what it says of itself") {
  Api api;
  const Json says_so = {{"metadata", {{"name", "team"}, {"labels", {{"phase", "Terminating"}}}}},
                        {"status", {{"phase", "Terminating"}}}};
  CHECK(api.post(spaces, says_so).body["status"]["phase"] == "Active");
  CHECK(api.post(inside, config_map("a")).status == 201);
  Json put = says_so;
  put["spec"] = {{"finalizers", Json::array()}};
  const Reply replaced = api.put(spaces + "/team", put);
  CHECK(replaced.body["status"]["phase"] == "Active");
  CHECK(replaced.body["spec"]["finalizers"] == Json({"kubernetes"}));
  CHECK(api.post(inside, config_map("b")).status == 201);
  CHECK(api.remove(spaces + "/team").status == 200);
  CHECK(api.get(spaces + "/team").status == 404);
}

TEST_CASE("an object needs its namespace to exist") {
  Api api;
  const Reply refused = api.post(inside, config_map("a"));
  CHECK(refused.status == 404);
  CHECK(refused.reason() == "NotFound");
  CHECK(refused.message() == "namespaces \"team\" not found");
  CHECK(refused.body["details"] == Json({{"name", "team"}, {"kind", "namespaces"}}));
  make_namespace(api);
  CHECK(api.post(inside, config_map("a")).status == 201);
}

TEST_CASE("deleting a namespace removes all of its objects") {
  Api api;
  make_namespace(api);
  api.post(inside, config_map("a"));
  api.post(spaces + "/team/secrets", {{"metadata", {{"name", "s"}}}});
  api.post("/apis/coordination.k8s.io/v1/namespaces/team/leases", {{"metadata", {{"name", "l"}}}});
  api.post(config_maps, config_map("a"));
  const Reply deleted = api.remove(spaces + "/team");
  CHECK(deleted.status == 200);
  CHECK(deleted.body["kind"] == "Namespace");
  CHECK(deleted.body["status"]["phase"] == "Terminating");
  CHECK(deleted.body["metadata"].contains("deletionTimestamp"));
  CHECK(api.get(spaces + "/team").status == 404);
  CHECK(api.get(inside).names().empty());
  CHECK(api.get("/api/v1/configmaps").names() == Names{"a"});
  CHECK(api.get("/apis/coordination.k8s.io/v1/leases").names().empty());
  make_namespace(api);
  CHECK(api.get(inside).names().empty());
}

TEST_CASE("a namespace ends with the last object that is held in it") {
  Api api;
  make_namespace(api);
  api.post(inside, held_map("a"));
  api.post(inside, config_map("b"));
  CHECK(api.remove(spaces + "/team").status == 200);
  CHECK(api.get(spaces + "/team").body["status"]["phase"] == "Terminating");
  CHECK(api.get(inside).names() == Names{"a"});
  const Reply refused = api.post(inside, config_map("c"));
  CHECK(refused.status == 403);
  CHECK(refused.reason() == "Forbidden");
  CHECK(refused.message() ==
        "configmaps \"c\" is forbidden: unable to create new content in namespace team because "
        "it is being terminated");
  CHECK(refused.causes() ==
        Names{"metadata.namespace: namespace team is being terminated (NamespaceTerminating)"});
  const std::uint64_t revision = api.revision();
  CHECK(api.remove(spaces + "/team").body["status"]["phase"] == "Terminating");
  CHECK(api.revision() == revision);
  api.patch(inside + "/a", merge_patch, R"({"metadata":{"finalizers":null}})");
  CHECK(api.get(inside).names().empty());
  CHECK(api.get(spaces + "/team").status == 404);
}

TEST_CASE("a namespace's own finalizers hold it too") {
  Api api;
  api.post(spaces, {{"metadata", {{"name", "team"}, {"finalizers", {"x.io/a"}}}}});
  api.remove(spaces + "/team");
  CHECK(api.get(spaces + "/team").body["status"]["phase"] == "Terminating");
  api.patch(spaces + "/team", merge_patch, R"({"metadata":{"finalizers":null}})");
  CHECK(api.get(spaces + "/team").status == 404);
}

TEST_CASE("the namespaces that every server has stay") {
  Api api;
  for (const char* name : {"default", "kube-system", "kube-public"}) {
    const Reply refused = api.remove(spaces + "/" + name);
    CHECK(refused.status == 403);
    CHECK(refused.message() ==
          std::string("namespaces \"") + name + "\" is forbidden: this namespace may not be deleted");
  }
  CHECK(api.remove(spaces).status == 405);
}

}  // namespace k8scale::apiserver
