#include <algorithm>
#include <set>

#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

const Json& named(const Json& list, std::string_view name) {
  for (const Json& each : list) {
    if (each["name"] == name) return each;
  }
  static const Json none;
  return none;
}

}  // namespace

TEST_CASE("the version is one that kubectl can read") {
  Api api;
  const Json version = api.get("/version").body;
  CHECK(version["major"] == "1");
  CHECK(version["gitVersion"].get<std::string>().starts_with("v1." + version["minor"].get<std::string>()));
}

TEST_CASE("the root lists what there is, in order, and all of it is served") {
  Api api;
  const Json paths = api.get("/").body["paths"];
  REQUIRE(paths.is_array());
  CHECK(std::is_sorted(paths.begin(), paths.end()));
  for (const char* path : {"/api/v1", "/apis/wardle.example.com", "/apis/wardle.example.com/v1alpha1",
                           "/healthz", "/openapi/v2", "/version"}) {
    CHECK(std::count(paths.begin(), paths.end(), Json(path)) == 1);
  }
  for (const Json& path : paths) {
    INFO(path.get<std::string>());
    CHECK(api.get(path.get<std::string>(), "*/*").status == 200);
  }
  CHECK(api.get("/index.html").body["paths"] == paths);
}

TEST_CASE("health is plain text") {
  Api api;
  for (const char* path : {"/healthz", "/livez", "/readyz", "/livez/ping", "/readyz?verbose"}) {
    const Reply reply = api.get(path, "*/*");
    CHECK(reply.status == 200);
    CHECK(reply.text == "ok");
    CHECK(reply.headers.find("Content-Type") == "text/plain; charset=utf-8");
  }
  CHECK(api.get("/healthz/nonsense").status == 404);
}

TEST_CASE("discovery names the groups, versions and resources") {
  Api api;
  CHECK(api.get("/api").body["versions"] == Json({"v1"}));
  CHECK(api.get("/api").body["serverAddressByClientCIDRs"][0]["serverAddress"] == "127.0.0.1:6443");
  const Json groups = api.get("/apis").body;
  CHECK(groups["kind"] == "APIGroupList");
  const Json& wardle = named(groups["groups"], "wardle.example.com");
  CHECK(wardle["preferredVersion"]["groupVersion"] == "wardle.example.com/v1alpha1");
  const Json alone = api.get("/apis/wardle.example.com").body;
  CHECK(alone["kind"] == "APIGroup");
  CHECK(alone["versions"] == wardle["versions"]);

  const Json core = api.get("/api/v1").body;
  CHECK(core["kind"] == "APIResourceList");
  CHECK(core["groupVersion"] == "v1");
  const Json& maps = named(core["resources"], "configmaps");
  CHECK(maps["kind"] == "ConfigMap");
  CHECK(maps["singularName"] == "configmap");
  CHECK(maps["shortNames"] == Json({"cm"}));
  CHECK(maps["namespaced"] == true);
  CHECK(maps["verbs"] ==
        Json({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}));
  const Json& spaces = named(core["resources"], "namespaces");
  CHECK(spaces["namespaced"] == false);
  CHECK(std::find(spaces["verbs"].begin(), spaces["verbs"].end(), "deletecollection") ==
        spaces["verbs"].end());
  const std::set<std::string> all = {"configmaps", "endpoints", "events",
                                     "namespaces", "secrets",   "services"};
  std::set<std::string> found;
  for (const Json& each : core["resources"]) found.insert(each["name"]);
  CHECK(found == all);
}

TEST_CASE("resources that are asked for are discovered beside the built-in ones") {
  ApiSetting setting;
  setting.resources = {{"example.com", "v1", "widgets", "Widget", true},
                       {"example.com", "v2", "widgets", "Widget", true},
                       {"", "v1", "pods", "Pod", true}};
  Api api(setting);
  CHECK(api.get("/apis/example.com").body["versions"].size() == 2);
  CHECK(named(api.get("/apis/example.com/v2").body["resources"], "widgets")["kind"] == "Widget");
  CHECK(named(api.get("/api/v1").body["resources"], "pods")["singularName"] == "pod");
  CHECK(api.post("/apis/example.com/v2/namespaces/default/widgets", {{"metadata", {{"name", "w"}}}}).status ==
        201);
}

TEST_CASE("OpenAPI says that writes take field validation") {
  Api api;
  const Json index = api.get("/openapi/v3").body;
  CHECK(index["paths"]["api/v1"]["serverRelativeURL"] == "/openapi/v3/api/v1");
  const Json core = api.get("/openapi/v3/api/v1").body;
  CHECK(core["openapi"] == "3.0.0");
  const Json& operation = core["paths"]["/api/v1/namespaces/{namespace}/configmaps"]["post"];
  CHECK(operation["x-kubernetes-group-version-kind"]["kind"] == "ConfigMap");
  CHECK(named(operation["parameters"], "fieldValidation")["in"] == "query");
  CHECK(core["paths"]["/api/v1/namespaces/{name}"].contains("patch"));
  CHECK(api.get("/openapi/v2").body["swagger"] == "2.0");
  CHECK(api.get("/openapi/v3/nonsense").status == 404);
}

TEST_CASE("kubectl gets an OpenAPI document in protobuf that describes nothing") {
  Api api;
  const Reply reply = api.get("/openapi/v2", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
  CHECK(reply.status == 200);
  CHECK(reply.headers.find("Content-Type") == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
  CHECK(reply.text.starts_with("\x0a\x03\x32.0\x12"));
}

TEST_CASE("documents can only be read, as JSON") {
  Api api;
  CHECK(api.get("/version/").status == 200);
  for (const char* path : {"/version", "/api", "/apis", "/api/v1"}) {
    CHECK(api.send(request("POST", path)).status == 405);
    CHECK(api.get(path, "application/vnd.kubernetes.protobuf").status == 406);
    CHECK(api.get(path, "application/vnd.kubernetes.protobuf,application/json").status == 200);
  }
}

}  // namespace k8scale::apiserver
