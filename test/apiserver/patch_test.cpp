#include "apiserver/patch.h"

#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

// The document after the patch, or the code and message of the refusal.
std::string patched(PatchType type, std::string_view document, std::string_view patch) {
  Json value = parse_json(document).value;
  const auto applied = apply_patch(type, value, patch);
  if (applied.has_value()) return to_text(value);
  return std::to_string(applied.error().code) + " " + applied.error().message;
}
std::string json(std::string_view document, std::string_view patch) {
  return patched(PatchType::json, document, patch);
}
std::string merge(std::string_view document, std::string_view patch) {
  return patched(PatchType::merge, document, patch);
}
std::string strategic(std::string_view document, std::string_view patch) {
  return patched(PatchType::strategic, document, patch);
}

const std::string rejected = "422 the server rejected our request due to an error in our request";

}  // namespace

TEST_CASE("JSON patch does what RFC 6902 says") {
  CHECK(json(R"({"a":1})", R"([{"op":"add","path":"/b","value":[1]}])") == R"({"a":1,"b":[1]})");
  CHECK(json(R"({"a":[1,3]})",
             R"([{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":4}])") ==
        R"({"a":[1,2,3,4]})");
  CHECK(json(R"({"a":1,"b":2})", R"([{"op":"remove","path":"/a"}])") == R"({"b":2})");
  CHECK(json(R"({"a":1})", R"([{"op":"replace","path":"/a","value":null}])") == R"({"a":null})");
  CHECK(json(R"({"a":{"x":1}})", R"([{"op":"move","from":"/a/x","path":"/b"}])") == R"({"a":{},"b":1})");
  CHECK(json(R"({"a":1})", R"([{"op":"copy","from":"/a","path":"/b"}])") == R"({"a":1,"b":1})");
  CHECK(json(R"({"a":1})", R"([{"op":"test","path":"/a","value":1}])") == R"({"a":1})");
  CHECK(json(R"({"x/y":1,"m~n":2})", R"([{"op":"remove","path":"/x~1y"},{"op":"remove","path":"/m~0n"}])") ==
        "{}");
  CHECK(json(R"({"a":1})", "[]") == R"({"a":1})");
}

TEST_CASE("a JSON patch that cannot be applied changes nothing") {
  for (const char* wrong :
       {R"([{"op":"test","path":"/a","value":2}])", R"([{"op":"remove","path":"/zz"}])",
        R"([{"op":"add","path":"/zz/y","value":1}])", R"([{"op":"nonsense","path":"/a"}])",
        R"([{"path":"/a"}])", R"([{"op":"add","value":1}])", R"([{"op":"add","path":"a","value":1}])",
        R"([{"op":"move","path":"/a"}])", R"([{"op":"remove","path":"/a~2"}])",
        R"([{"op":"add","path":5,"value":1}])"}) {
    INFO(wrong);
    CHECK(json(R"({"a":1})", wrong) == rejected);
  }
  CHECK(
      json("{}", R"({"op":"add"})") ==
      "400 error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
  CHECK(json("{}", "[5]") ==
        "400 error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp");
  CHECK(json("{}", "[") == "400 invalid JSON patch");
  std::string many = "[";
  for (int i = 0; i <= 10'000; ++i) many += std::string(i == 0 ? "" : ",") + R"({"op":"test","path":""})";
  CHECK(json("{}", many + "]") ==
        "413 Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001");
}

TEST_CASE("merge patch does what RFC 7386 says") {
  CHECK(merge(R"({"a":1,"b":{"c":1,"d":2}})", R"({"b":{"c":null,"e":3},"f":[1]})") ==
        R"({"a":1,"b":{"d":2,"e":3},"f":[1]})");
  CHECK(merge(R"({"a":[1,2]})", R"({"a":[3]})") == R"({"a":[3]})");
  CHECK(merge(R"({"a":1})", R"({"a":{"b":null}})") == R"({"a":{}})");
  CHECK(merge(R"({"a":1})", "{}") == R"({"a":1})");
  CHECK(
      merge("{}", "[]") ==
      "400 error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}");
  CHECK(merge("{}", "") == "400 invalid JSON patch");
}

TEST_CASE("strategic merge patch merges maps and replaces what has no key") {
  CHECK(strategic(R"({"data":{"a":"1","b":"2"}})", R"({"data":{"a":null,"c":"3"}})") ==
        R"({"data":{"b":"2","c":"3"}})");
  CHECK(strategic(R"({"addresses":["a","b"]})", R"({"addresses":["c"]})") == R"({"addresses":["c"]})");
  CHECK(strategic(R"({"data":{"a":"1"}})", R"({"data":{"$patch":"replace","b":"2"}})") ==
        R"({"data":{"b":"2"}})");
  CHECK(strategic(R"({"data":{"a":"1"},"x":1})", R"({"data":{"$patch":"delete"}})") ==
        R"({"data":{},"x":1})");
  CHECK(strategic(R"({"spec":{"a":1,"b":2}})", R"({"spec":{"$retainKeys":["b","c"],"c":3}})") ==
        R"({"spec":{"b":2,"c":3}})");
  CHECK(strategic("{}", "5") ==
        "400 json: cannot unmarshal number into Go value of type map[string]interface {}");
}

TEST_CASE("strategic merge patch merges lists by their key, the patch's elements first") {
  const std::string ports = R"({"ports":[{"port":80,"name":"a"},{"port":81,"name":"b"}]})";
  CHECK(strategic(ports, R"({"ports":[{"port":81,"name":"c"}]})") ==
        R"({"ports":[{"name":"a","port":80},{"name":"c","port":81}]})");
  CHECK(strategic(ports, R"({"ports":[{"port":82}]})") ==
        R"({"ports":[{"port":82},{"name":"a","port":80},{"name":"b","port":81}]})");
  CHECK(strategic(ports, R"({"ports":[{"port":80,"$patch":"delete"}]})") ==
        R"({"ports":[{"name":"b","port":81}]})");
  CHECK(strategic(ports, R"({"ports":[{"$patch":"replace"},{"port":9}]})") == R"({"ports":[{"port":9}]})");
  CHECK(strategic(ports,
                  R"({"$setElementOrder/ports":[{"port":81},{"port":80}],"ports":[{"port":80,"x":1}]})") ==
        R"({"ports":[{"name":"b","port":81},{"name":"a","port":80,"x":1}]})");
}

TEST_CASE("strategic merge patch unites finalizers") {
  const std::string document = R"({"metadata":{"finalizers":["x/a","x/b"]}})";
  CHECK(strategic(document, R"({"metadata":{"finalizers":["x/b","x/c"]}})") ==
        R"({"metadata":{"finalizers":["x/a","x/b","x/c"]}})");
  CHECK(strategic(document, R"({"metadata":{"finalizers":["x/c"]}})") ==
        R"({"metadata":{"finalizers":["x/c","x/a","x/b"]}})");
  CHECK(strategic(document, R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["x/a"]}})") ==
        R"({"metadata":{"finalizers":["x/b"]}})");
  CHECK(strategic(document,
                  R"({"metadata":{"$setElementOrder/finalizers":["x/c","x/b"],"finalizers":["x/c"]}})") ==
        R"({"metadata":{"finalizers":["x/c","x/a","x/b"]}})");
  CHECK(strategic(document, R"({"metadata":{"finalizers":null}})") == R"({"metadata":{}})");
}

TEST_CASE("a patch of each type changes the object and its version") {
  Api api;
  const std::string target = config_maps + "/a";
  const std::uint64_t made = std::stoull(api.post(config_maps, config_map("a", {{"k", "1"}})).version());
  const Reply first = api.patch(target, json_patch, R"([{"op":"add","path":"/data/j","value":"1"}])");
  CHECK(first.status == 200);
  CHECK(first.version() == std::to_string(made + 1));
  CHECK(api.patch(target, merge_patch, R"({"data":{"m":"1"}})").version() == std::to_string(made + 2));
  const Reply last = api.patch(target, strategic_patch, R"({"data":{"s":"1","k":null}})");
  CHECK(last.version() == std::to_string(made + 3));
  CHECK(last.body["data"] == Json({{"j", "1"}, {"m", "1"}, {"s", "1"}}));
  CHECK(api.get(target).body == last.body);
}

TEST_CASE("a patch that changes nothing bumps no version") {
  Api api;
  const std::string target = config_maps + "/a";
  const Reply made = api.post(config_maps, config_map("a", {{"k", "1"}}, {{"l", "1"}}));
  const std::uint64_t revision = api.revision();
  for (const auto& [type, body] : std::vector<std::pair<std::string_view, std::string_view>>{
           {json_patch, "[]"},
           {json_patch, R"([{"op":"test","path":"/data/k","value":"1"}])"},
           {merge_patch, "{}"},
           {merge_patch, R"({"data":{"k":"1","x":null}})"},
           {strategic_patch, R"({"metadata":{"labels":{"l":"1"},"annotations":{}}})"}}) {
    const Reply reply = api.patch(target, type, body);
    CHECK(reply.status == 200);
    CHECK(reply.body == made.body);
    CHECK(api.revision() == revision);
  }
}

TEST_CASE("a patch may name the version that it applies to") {
  Api api;
  const std::string target = config_maps + "/a";
  const std::string version = api.post(config_maps, config_map("a")).version();
  const std::string on = R"({"metadata":{"resourceVersion":")" + version + R"("},"data":{"k":"1"}})";
  CHECK(api.patch(target, merge_patch, on).status == 200);
  const Reply stale = api.patch(target, merge_patch, on);
  CHECK(stale.status == 409);
  CHECK(stale.reason() == "Conflict");
  const std::string now = api.get(target).version();
  const std::string test = R"([{"op":"test","path":"/metadata/resourceVersion","value":")";
  CHECK(api.patch(target, json_patch, test + now + R"("}])").status == 200);
  CHECK(api.patch(target, json_patch, test + version + R"("}])").status == 422);
}

TEST_CASE("what a patch may not make is refused") {
  Api api;
  const std::string target = config_maps + "/a";
  const Reply made = api.post(config_maps, config_map("a", {{"k", "1"}}));
  const auto refused = [&](std::string_view body) { return api.patch(target, merge_patch, body); };
  const Reply wrong_type = refused(R"({"data":{"k":5}})");
  CHECK(wrong_type.status == 422);
  CHECK(wrong_type.message().starts_with(" \"\" is invalid: patch: Invalid value: "));
  CHECK(wrong_type.message().ends_with(
      "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"));
  CHECK(refused(R"({"metadata":{"name":"b"}})").message() ==
        "the name of the object (b) does not match the name on the URL (a)");
  CHECK(refused(R"({"metadata":{"namespace":"b"}})").status == 400);
  CHECK(refused(R"({"metadata":{"uid":"b"}})").status == 422);
  CHECK(refused(R"({"metadata":{"labels":{"a b":""}}})").causes().front().starts_with("metadata.labels: "));
  CHECK(refused(R"({"kind":"Secret"})").status == 422);
  CHECK(api.patch(target, json_patch, R"([{"op":"replace","path":"","value":[]}])").status == 422);
  CHECK(api.patch(target + "?force=true", merge_patch, "{}").causes() ==
        Names{"force: Forbidden: may not be specified for non-apply patch (FieldValueForbidden)"});
  CHECK(api.patch(config_maps + "/b", merge_patch, "{}").status == 404);
  CHECK(api.get(target).body == made.body);
}

TEST_CASE("duplicate and unknown fields of a patch are warned of or refused") {
  Api api;
  api.post(config_maps, config_map("a"));
  const std::string target = config_maps + "/a?fieldValidation=";
  const std::string twice = R"({"data":{"k":"1","k":"2"}})";
  const Reply strict = api.patch(target + "Strict", merge_patch, twice);
  CHECK(strict.status == 422);
  CHECK(strict.message().ends_with("strict decoding error: duplicate field \"data.k\""));
  CHECK(api.patch(target + "Strict", strategic_patch, R"({"foo":1})")
            .message()
            .ends_with("strict decoding error: unknown field \"foo\""));
  const Reply warned = api.patch(target + "Warn", merge_patch, twice);
  CHECK(warned.headers.find("Warning") == R"(299 - "duplicate field \"data.k\"")");
  CHECK(warned.body["data"]["k"] == "2");
  CHECK_FALSE(api.patch(target + "Ignore", merge_patch, twice).headers.find("Warning").has_value());
}

TEST_CASE("only the patch types of a resource are taken") {
  ApiSetting setting;
  setting.resources = {{"example.com", "v1", "widgets", "Widget", true}};
  Api api(setting);
  api.post(config_maps, config_map("a"));
  for (const char* type : {"application/json", "application/apply-patch+yaml", "text/plain", ""}) {
    const Reply refused = api.patch(config_maps + "/a", type, "{}");
    CHECK(refused.status == 415);
    CHECK(
        refused.message().ends_with("application/json-patch+json, application/merge-patch+json, "
                                    "application/strategic-merge-patch+json"));
  }
  const std::string widgets = "/apis/example.com/v1/namespaces/default/widgets";
  api.post(widgets, {{"metadata", {{"name", "w"}}}});
  CHECK(api.patch(widgets + "/w", merge_patch, R"({"spec":{"a":1}})").body["metadata"]["generation"] == 2);
  CHECK(api.patch(widgets + "/w", strategic_patch, "{}").status == 415);
}

}  // namespace k8scale::apiserver
