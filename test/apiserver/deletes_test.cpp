#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

std::string delete_options(const Json& members) {
  Json options = {{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  options.update(members);
  return to_text(options);
}

}  // namespace

TEST_CASE("a deleted object is gone, and the answer says which it was") {
  Api api;
  const Reply made = api.post(config_maps, config_map("a"));
  const Reply deleted = api.remove(config_maps + "/a");
  CHECK(deleted.status == 200);
  CHECK(deleted.body ==
        Json({{"kind", "Status"},
              {"apiVersion", "v1"},
              {"metadata", Json::object()},
              {"status", "Success"},
              {"details", {{"name", "a"}, {"kind", "configmaps"}, {"uid", made.body["metadata"]["uid"]}}}}));
  const Reply missing = api.remove(config_maps + "/a");
  CHECK(missing.status == 404);
  CHECK(missing.message() == "configmaps \"a\" not found");
  CHECK(missing.body["details"] == Json({{"name", "a"}, {"kind", "configmaps"}}));
  const std::string flunders = "/apis/wardle.example.com/v1alpha1/namespaces/default/flunders";
  CHECK(api.get(flunders + "/a").message() == "flunders.wardle.example.com \"a\" not found");
  CHECK(api.get(flunders + "/a").body["details"]["group"] == "wardle.example.com");
}

TEST_CASE("a delete may name the object and the version that it means") {
  Api api;
  const Reply made = api.post(config_maps, config_map("a"));
  const std::string uid = made.body["metadata"]["uid"];
  const auto remove_if = [&](const Json& preconditions) {
    return api.remove(config_maps + "/a", delete_options({{"preconditions", preconditions}}));
  };
  const Reply other = remove_if({{"uid", "x"}});
  CHECK(other.status == 409);
  CHECK(other.message() ==
        "Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition (x) does "
        "not match the UID in record (" +
            uid + "). The object might have been deleted and then recreated");
  const Reply stale = remove_if({{"uid", uid}, {"resourceVersion", "1"}});
  CHECK(stale.status == 409);
  CHECK(stale.message().find("the ResourceVersion in the precondition (1) does not match") !=
        std::string::npos);
  CHECK(remove_if({{"uid", uid}, {"resourceVersion", made.version()}}).status == 200);
}

TEST_CASE("options of a delete are checked") {
  Api api;
  api.post(config_maps, config_map("a"));
  const auto refused = [&](const std::string& body) {
    const Reply reply = api.remove(config_maps + "/a", body);
    return std::to_string(reply.status) + " " + std::string(reply.message());
  };
  CHECK(
      refused(delete_options({{"propagationPolicy", "x"}})) ==
      "422 DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"x\": supported "
      "values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
  CHECK(refused(delete_options({{"propagationPolicy", "Orphan"}, {"orphanDependents", true}}))
            .ends_with("orphanDependents and deletionPropagation cannot be both set"));
  CHECK(refused(R"({"kind":"ConfigMap","apiVersion":"v1"})") ==
        "400 no kind \"ConfigMap\" is registered for version \"v1\"");
  CHECK(refused("{") == "400 couldn't get version/kind; json parse error: unexpected end of JSON input");
  CHECK(refused(R"({"gracePeriodSeconds":"x"})")
            .starts_with("400 json: cannot unmarshal string into Go struct"));
  CHECK(api.remove(config_maps + "/a?propagationPolicy=x").status == 422);
  CHECK(api.remove(config_maps + "/a?gracePeriodSeconds=x").message() ==
        "strconv.ParseInt: parsing \"x\": invalid syntax");
  CHECK(api.remove(config_maps + "/a?orphanDependents=true&propagationPolicy=Orphan")
            .message()
            .ends_with("orphanDependents and deletionPropagation cannot be both set"));
  CHECK(api.remove(config_maps + "/a?dryRun=All&dryRun=x")
            .message()
            .ends_with("dryRun: Unsupported value: [\"All\",\"x\"]: supported values: \"All\""));
  CHECK(api.send(request("DELETE", config_maps + "/a", "x", "text/plain")).status == 415);
  CHECK(api.get(config_maps + "/a").status == 200);
  CHECK(refused(R"({"propagationPolicy":"Background","gracePeriodSeconds":0})").starts_with("200"));
}

TEST_CASE("a collection is deleted as far as it is selected") {
  Api api;
  for (const char* name : {"a", "b", "c", "d"}) api.post(config_maps, config_map(name, {}, {{"l", name}}));
  const Reply some = api.remove(config_maps + "?labelSelector=l%20in%20(a,c)");
  CHECK(some.status == 200);
  CHECK(some.body["kind"] == "ConfigMapList");
  CHECK(some.names() == Names{"a", "c"});
  CHECK(api.get(config_maps).names() == Names{"b", "d"});
  CHECK(api.remove(config_maps + "?fieldSelector=metadata.name%3Dd").names() == Names{"d"});
  CHECK(api.remove(config_maps + "?labelSelector=a%20b").status == 400);
  CHECK(api.remove(config_maps, delete_options({{"preconditions", {{"uid", "x"}}}})).status == 409);
  CHECK(api.get(config_maps).names() == Names{"b"});
  CHECK(api.remove(config_maps).names() == Names{"b"});
  CHECK(api.remove(config_maps).names().empty());
}

TEST_CASE("finalizers hold an object until the last one is taken away") {
  Api api;
  Json object = config_map("a");
  object["metadata"]["finalizers"] = {"x.io/a", "x.io/b"};
  api.post(config_maps, object);
  const Reply marked = api.remove(config_maps + "/a");
  CHECK(marked.status == 200);
  CHECK(marked.body["kind"] == "ConfigMap");
  CHECK(marked.body["metadata"]["deletionTimestamp"] == "2026-11-24T15:04:05Z");
  CHECK(marked.body["metadata"]["deletionGracePeriodSeconds"] == 0);
  const std::uint64_t revision = api.revision();
  CHECK(api.remove(config_maps + "/a").body == marked.body);
  CHECK(api.revision() == revision);
  CHECK(api.post(config_maps, config_map("a")).status == 409);
  CHECK(api.patch(config_maps + "/a", merge_patch, R"({"metadata":{"finalizers":["x.io/b"]}})").status ==
        200);
  CHECK(api.patch(config_maps + "/a", merge_patch, R"({"metadata":{"finalizers":["x.io/b","x.io/c"]}})")
            .status == 422);
  CHECK(api.get(config_maps + "/a").status == 200);
  const Reply last = api.patch(config_maps + "/a", merge_patch, R"({"metadata":{"finalizers":null}})");
  CHECK(last.status == 200);
  CHECK(last.body["kind"] == "ConfigMap");
  CHECK(api.get(config_maps + "/a").status == 404);
}

}  // namespace k8scale::apiserver
