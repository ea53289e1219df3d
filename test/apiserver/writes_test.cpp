#include <set>

#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";

}  // namespace

TEST_CASE("a created object has what the server gives it") {
  Api api;
  const Reply made = api.post(config_maps, {{"metadata",
                                             {{"name", "a"},
                                              {"uid", "x"},
                                              {"selfLink", "/x"},
                                              {"creationTimestamp", "2000-01-01T00:00:00Z"},
                                              {"deletionTimestamp", "2000-01-01T00:00:00Z"},
                                              {"deletionGracePeriodSeconds", 5}}},
                                            {"data", {{"k", "v"}}}});
  CHECK(made.status == 201);
  CHECK(made.body["metadata"]["namespace"] == "default");
  CHECK(made.body["metadata"]["creationTimestamp"] == "2026-11-24T15:04:05Z");
  CHECK(made.version() == std::to_string(api.revision()));
  const std::string uid = made.body["metadata"]["uid"];
  CHECK(uid.size() == 36);
  CHECK(uid[14] == '4');
  for (const char* absent : {"selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"}) {
    CHECK_FALSE(made.body["metadata"].contains(absent));
  }
  CHECK(api.get(config_maps + "/a").body == made.body);
}

TEST_CASE("a name is taken only once") {
  Api api;
  api.post(config_maps, config_map("a"));
  const Reply again = api.post(config_maps, config_map("a"));
  CHECK(again.status == 409);
  CHECK(again.reason() == "AlreadyExists");
  CHECK(again.message() == "configmaps \"a\" already exists");
  CHECK(again.body["details"] == Json({{"name", "a"}, {"kind", "configmaps"}}));
  api.post("/api/v1/namespaces", {{"metadata", {{"name", "other"}}}});
  CHECK(api.post("/api/v1/namespaces/other/configmaps", config_map("a")).status == 201);
}

TEST_CASE("a generated name is the prefix and five characters") {
  Api api;
  std::set<std::string> names;
  for (int i = 0; i < 20; ++i) {
    const Reply made = api.post(config_maps, {{"metadata", {{"generateName", "p-"}}}});
    CHECK(made.status == 201);
    const std::string name = made.body["metadata"]["name"];
    CHECK(name.starts_with("p-"));
    CHECK(name.size() == 7);
    CHECK(name.find_first_not_of("bcdfghjklmnpqrstvwxz2456789", 2) == std::string::npos);
    CHECK(made.body["metadata"]["generateName"] == "p-");
    names.insert(name);
  }
  CHECK(names.size() == 20);
  const Reply cut = api.post(config_maps, {{"metadata", {{"generateName", std::string(100, 'x')}}}});
  CHECK(cut.body["metadata"]["name"].get<std::string>().size() == 63);
  CHECK(api.post(config_maps, {{"metadata", {{"generateName", "P-"}}}}).status == 422);
  const Reply named = api.post(config_maps, {{"metadata", {{"generateName", "p-"}, {"name", "given"}}}});
  CHECK(named.body["metadata"]["name"] == "given");
}

TEST_CASE("a dry run answers as if, and changes nothing") {
  Api api;
  api.post(config_maps, config_map("a", {{"k", "1"}}));
  const std::uint64_t revision = api.revision();
  const std::string all = "?dryRun=All";
  const Reply made = api.post(config_maps + all, config_map("b"));
  CHECK(made.status == 201);
  CHECK(made.body["metadata"]["name"] == "b");
  CHECK_FALSE(made.body["metadata"].contains("resourceVersion"));
  CHECK(api.post(config_maps + all, config_map("a")).status == 409);
  CHECK(api.put(config_maps + "/a" + all, config_map("a", {{"k", "2"}})).body["data"]["k"] == "2");
  CHECK(api.patch(config_maps + "/a" + all, merge_patch, R"({"data":{"k":"3"}})").body["data"]["k"] == "3");
  CHECK(api.remove(config_maps + "/a" + all).status == 200);
  CHECK(api.remove(config_maps + "/a", R"({"dryRun":["All"]})").status == 200);
  CHECK(api.remove(config_maps + all).names() == Names{"a"});
  CHECK(api.remove("/api/v1/namespaces/default" + all).status == 403);
  CHECK(api.revision() == revision);
  CHECK(api.get(config_maps + "/a").body["data"]["k"] == "1");
  for (const char* wrong : {"?dryRun=x", "?dryRun="}) {
    CHECK(api.post(config_maps + wrong, config_map("b"))
              .causes()
              .front()
              .starts_with("dryRun: Unsupported value: ["));
    CHECK(api.remove(config_maps + "/a" + wrong).status == 422);
  }
}

TEST_CASE("a field manager is printable and short") {
  Api api;
  const auto causes = [&](const std::string& manager) {
    return api.post(config_maps + "?dryRun=All&fieldManager=" + manager, config_map("a")).causes();
  };
  CHECK(causes(std::string(128, 'm')).empty());
  CHECK(causes(std::string(129, 'm')) ==
        Names{"fieldManager: Too long: may not be more than 128 bytes (FieldValueTooLong)"});
  CHECK(causes("a%01") ==
        Names{"fieldManager: Invalid value: \"a\\x01\": invalid character U+0001 (at position "
              "1) (FieldValueInvalid)"});
}

TEST_CASE("a version may not be given to what is about to be") {
  Api api;
  Json object = config_map("a");
  object["metadata"]["resourceVersion"] = "5";
  const Reply refused = api.post(config_maps, object);
  CHECK(refused.status == 500);
  CHECK(refused.message() == "resourceVersion should not be set on objects to be created");
  object["metadata"]["resourceVersion"] = "0";
  CHECK(api.post(config_maps, object).status == 201);
}

TEST_CASE("an update replaces the object, and only the version that it names") {
  Api api;
  const Reply made = api.post(config_maps, config_map("a", {{"k", "1"}}, {{"l", "1"}}));
  Json object = made.body;
  object["data"]["k"] = "2";
  const Reply updated = api.put(config_maps + "/a", object);
  CHECK(updated.status == 200);
  CHECK(updated.version() == std::to_string(api.revision()));
  const Reply stale = api.put(config_maps + "/a", object);
  CHECK(stale.status == 409);
  CHECK(stale.reason() == "Conflict");
  CHECK(stale.message() ==
        "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your "
        "changes to the latest version and try again");
  CHECK(stale.body["details"] == Json({{"name", "a"}, {"kind", "configmaps"}}));
  const Reply unconditional = api.put(config_maps + "/a", config_map("a", {{"k", "3"}}));
  CHECK(unconditional.status == 200);
  CHECK_FALSE(unconditional.body["metadata"].contains("labels"));
  CHECK(unconditional.body["metadata"]["uid"] == made.body["metadata"]["uid"]);
  object["metadata"]["resourceVersion"] = "x";
  CHECK(api.put(config_maps + "/a", object).status == 500);
}

TEST_CASE("an update that changes nothing bumps no version") {
  Api api;
  const Reply made = api.post(config_maps, config_map("a", {{"k", "1"}}));
  const std::uint64_t revision = api.revision();
  CHECK(api.put(config_maps + "/a", config_map("a", {{"k", "1"}})).body == made.body);
  Json object = made.body;
  object["metadata"]["creationTimestamp"] = "2000-01-01T00:00:00Z";
  CHECK(api.put(config_maps + "/a", object).body == made.body);
  CHECK(api.revision() == revision);
}

TEST_CASE("an update is about the object of its URL") {
  Api api;
  api.post(config_maps, config_map("a"));
  const auto message = [&](const Json& object) {
    const Reply reply = api.put(config_maps + "/a", object);
    return std::to_string(reply.status) + " " + std::string(reply.message());
  };
  CHECK(message(config_map("b")) == "400 the name of the object (b) does not match the name on the URL (a)");
  CHECK(message({{"data", {{"k", "1"}}}}) ==
        "400 the name of the object (a based on URL) was undeterminable: name must be provided");
  Json elsewhere = config_map("a");
  elsewhere["metadata"]["namespace"] = "other";
  CHECK(message(elsewhere) ==
        "400 the namespace of the provided object does not match the namespace sent on the request");
  CHECK(api.post(config_maps, elsewhere).status == 400);
  Json other = config_map("a");
  other["metadata"]["uid"] = "other";
  CHECK(message(other).starts_with(
      "409 Operation cannot be fulfilled on configmaps \"a\": Precondition failed: "
      "UID in precondition: other, UID in object meta: "));
  CHECK(api.put(config_maps + "/b", config_map("b")).status == 404);
}

TEST_CASE("some kinds are updated only with a version, some are created by an update") {
  Api api;
  const Json lease = {{"metadata", {{"name", "a"}}}, {"spec", {{"holderIdentity", "x"}}}};
  const Reply made = api.put(leases + "/a", lease);
  CHECK(made.status == 201);
  const Reply refused = api.put(leases + "/a", lease);
  CHECK(refused.status == 422);
  CHECK(refused.message() ==
        "leases.coordination.k8s.io \"a\" is invalid: metadata.resourceVersion: Invalid "
        "value: 0: must be specified for an update");
  Json update = made.body;
  update["spec"]["holderIdentity"] = "y";
  CHECK(api.put(leases + "/a", update).status == 200);
  const std::string elsewhere = "/apis/coordination.k8s.io/v1/namespaces/nowhere/leases/a";
  CHECK(api.put(elsewhere, lease).status == 404);
}

TEST_CASE("generation counts the changes of a custom resource's spec") {
  ApiSetting setting;
  setting.resources = {{"example.com", "v1", "widgets", "Widget", true}};
  Api api(setting);
  const std::string widgets = "/apis/example.com/v1/namespaces/default/widgets";
  Json object = api.post(widgets, {{"metadata", {{"name", "a"}}}, {"spec", {{"x", 1}}}}).body;
  const auto update = [&] { return object = api.put(widgets + "/a", object).body; };
  object["metadata"]["labels"] = {{"l", "1"}};
  CHECK(update()["metadata"]["generation"] == 1);
  object["status"] = {{"y", 1}};
  CHECK(update()["metadata"]["generation"] == 1);
  object["spec"]["x"] = 2;
  object["metadata"]["generation"] = 77;
  CHECK(update()["metadata"]["generation"] == 2);
}

TEST_CASE("defaults of the kinds are filled in") {
  Api api;
  const std::string core = "/api/v1/namespaces/default/";
  const Reply secret =
      api.post(core + "secrets", {{"metadata", {{"name", "s"}}}, {"stringData", {{"k", "v"}}}});
  CHECK(secret.body["type"] == "Opaque");
  CHECK(secret.body["data"] == Json({{"k", "dg=="}}));
  CHECK_FALSE(secret.body.contains("stringData"));
  const Reply service =
      api.post(core + "services", {{"metadata", {{"name", "s"}}}, {"spec", {{"ports", {{{"port", 80}}}}}}});
  CHECK(service.body["spec"]["type"] == "ClusterIP");
  CHECK(service.body["spec"]["ports"] == Json::parse(R"([{"port":80,"protocol":"TCP","targetPort":80}])"));
  CHECK(api.get("/api/v1/namespaces/default").body["status"]["phase"] == "Active");
}

}  // namespace k8scale::apiserver
