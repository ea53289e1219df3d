#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

Reply post_text(Api& api, std::string body, const std::string& query = "",
                std::string_view content_type = "application/json") {
  return api.send(request("POST", config_maps + query, std::move(body), content_type));
}

std::string message_for(std::string body) {
  Api api;
  const Reply reply = post_text(api, std::move(body));
  CHECK(reply.status == 400);
  CHECK(reply.reason() == "BadRequest");
  return std::string(reply.message());
}

std::vector<std::string> warnings(const Reply& reply) {
  std::vector<std::string> found;
  for (const std::string_view each : reply.headers.all("Warning")) found.emplace_back(each);
  return found;
}

const std::string unrecognized = "the object provided is unrecognized (must be of type ConfigMap): ";
const std::string unusable = "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: ";

}  // namespace

TEST_CASE("a body that is no object is refused with its beginning") {
  const std::string parsing = unrecognized + "couldn't get version/kind; json parse error: ";
  CHECK(message_for("") == parsing + "unexpected end of JSON input (<empty>)");
  CHECK(message_for("{") == parsing + "unexpected end of JSON input ({)");
  CHECK(message_for("[]") == parsing + "json: cannot unmarshal array into Go value of type struct (5b5d)");
  CHECK(message_for(R"({"metadata":{"name":"abcdefghijklmnop",}})") ==
        parsing +
            "invalid character '}' looking for beginning of object key string "
            R"(({"metadata":{"name":"abcdefghi ...))");
  CHECK(message_for(R"({"kind":5})") ==
        parsing + R"(json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5}))");
  CHECK(message_for(R"({"apiVersion":"a/b/c"})") ==
        unrecognized + R"(unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"}))");
}

TEST_CASE("an object of another kind is refused") {
  CHECK(message_for(R"({"kind":"Secret","apiVersion":"v1"})") ==
        "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) to "
        "(core.ConfigMap): "
        "unknown conversion");
  CHECK(message_for(R"({"kind":"Nonsense"})") ==
        "Nonsense in version \"v1\" cannot be handled as a ConfigMap: no kind \"Nonsense\" is registered for "
        "version \"v1\"");
  CHECK(
      message_for(R"({"apiVersion":"a/v2"})") ==
      "ConfigMap in version \"v2\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is registered for "
      "version \"a/v2\"");
}

TEST_CASE("kind and version may be left out") {
  Api api;
  const Reply made = post_text(api, R"({"metadata":{"name":"a"}})");
  CHECK(made.status == 201);
  CHECK(made.body["kind"] == "ConfigMap");
  CHECK(made.body["apiVersion"] == "v1");
  CHECK(post_text(api, "null").status == 422);
}

TEST_CASE("a value of the wrong type is refused in Go's words") {
  const auto type_error = [](const std::string& members) {
    const std::string message = message_for("{" + members + "}");
    return message.starts_with(unusable) ? message.substr(unusable.size()) : message;
  };
  const std::string field = "json: cannot unmarshal ";
  CHECK(type_error(R"("data":5)") ==
        field + "number into Go struct field ConfigMap.data of type map[string]string");
  CHECK(type_error(R"("data":["a"])") ==
        field + "array into Go struct field ConfigMap.data of type map[string]string");
  CHECK(type_error(R"("data":{"a":1})") ==
        field + "number into Go struct field ConfigMap.data of type string");
  CHECK(type_error(R"("immutable":"yes")") ==
        field + "string into Go struct field ConfigMap.immutable of type bool");
  CHECK(type_error(R"("metadata":"x")") ==
        field + "string into Go struct field ConfigMap.metadata of type v1.ObjectMeta");
  CHECK(type_error(R"("metadata":{"labels":{"a":true}})") ==
        field + "bool into Go struct field ObjectMeta.metadata.labels of type string");
  CHECK(type_error(R"("metadata":{"generation":1.5})") ==
        field + "number 1.5 into Go struct field ObjectMeta.metadata.generation of type int64");
  CHECK(type_error(R"("metadata":{"finalizers":"x"})") ==
        field + "string into Go struct field ObjectMeta.metadata.finalizers of type []string");
  CHECK(type_error(R"("metadata":{"ownerReferences":[5]})") ==
        field + "number into Go struct field ObjectMeta.metadata.ownerReferences of type v1.OwnerReference");
  CHECK(type_error(R"("binaryData":{"a":"e!"})") == "illegal base64 data at input byte 1");
  CHECK(
      type_error(R"("metadata":{"creationTimestamp":"yesterday"})") ==
      "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"");
}

TEST_CASE("32-bit numbers are held to their range") {
  Api api;
  const std::string leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  const Reply refused =
      api.post(leases, {{"metadata", {{"name", "a"}}}, {"spec", {{"leaseDurationSeconds", 99999999999}}}});
  CHECK(refused.message() ==
        "Lease in version \"v1\" cannot be handled as a Lease: json: cannot unmarshal number 99999999999 "
        "into Go "
        "struct field LeaseSpec.spec.leaseDurationSeconds of type int32");
}

TEST_CASE("what is null or empty is left out") {
  Api api;
  const Reply made = post_text(
      api, R"({"metadata":{"name":"a","labels":{},"annotations":null,"generateName":"","finalizers":[]},)"
           R"("data":{},"binaryData":null,"immutable":false})");
  CHECK(made.status == 201);
  Json body = made.body;
  for (const char* field : {"uid", "resourceVersion", "creationTimestamp"}) body["metadata"].erase(field);
  CHECK(
      to_text(body) ==
      R"({"apiVersion":"v1","immutable":false,"kind":"ConfigMap","metadata":{"name":"a","namespace":"default"}})");
  CHECK(post_text(api, R"({"metadata":{"name":"b"},"data":{"a":null}})").body["data"]["a"] == "");
}

TEST_CASE("unknown and duplicate fields are warned of, refused or ignored, as asked") {
  const std::string body = R"({"metadata":{"name":"a","foo":1},"data":{"k":"1","k":"2"},"extra":{}})";
  Api api;
  const Reply strict = post_text(api, body, "?fieldValidation=Strict");
  CHECK(strict.status == 400);
  CHECK(strict.message() == unusable +
                                "strict decoding error: unknown field \"extra\", unknown field "
                                "\"metadata.foo\", duplicate field \"data.k\"");
  const Reply ignored = post_text(api, body, "?fieldValidation=Ignore&dryRun=All");
  CHECK(ignored.status == 201);
  CHECK(warnings(ignored).empty());
  for (const char* query : {"?fieldValidation=Warn&dryRun=All", "?dryRun=All"}) {
    const Reply warned = post_text(api, body, query);
    CHECK(warned.status == 201);
    CHECK(warnings(warned) == Names{R"(299 - "unknown field \"extra\"")",
                                    R"(299 - "unknown field \"metadata.foo\"")",
                                    R"(299 - "duplicate field \"data.k\"")"});
    CHECK(warned.body["data"]["k"] == "2");
    CHECK_FALSE(warned.body.contains("extra"));
  }
  const Reply wrong = post_text(api, body, "?fieldValidation=x");
  CHECK(wrong.status == 422);
  CHECK(wrong.causes() ==
        Names{"fieldValidation: Unsupported value: \"x\": supported values: \"\", \"Ignore\", "
              "\"Strict\", \"Warn\" (FieldValueNotSupported)"});
}

TEST_CASE("a custom resource keeps its own fields, but its metadata is checked") {
  ApiSetting setting;
  setting.resources = {{"example.com", "v1", "widgets", "Widget", true}};
  Api api(setting);
  const std::string widgets = "/apis/example.com/v1/namespaces/default/widgets";
  const Reply made = api.post(widgets, {{"metadata", {{"name", "a"}, {"foo", 1}}}, {"spec", {{"x", 1.5}}}});
  CHECK(made.status == 201);
  CHECK(made.body["spec"]["x"] == 1.5);
  CHECK(made.body["metadata"]["generation"] == 1);
  CHECK(warnings(made) == Names{R"(299 - "unknown field \"metadata.foo\"")"});
  CHECK(api.post(widgets, {{"metadata", {{"name", 5}}}}).status == 400);
}

TEST_CASE("the media type of a body decides how it is read") {
  Api api;
  const std::string body = R"({"metadata":{"name":"a"}})";
  for (const char* json : {"application/json", "APPLICATION/JSON", "application/json; charset=utf-8", ""}) {
    CHECK(post_text(api, body, "?dryRun=All", json).status == 201);
  }
  for (const char* other : {"text/plain", "application/yaml", "application/jsonx"}) {
    const Reply refused = post_text(api, body, "", other);
    CHECK(refused.status == 415);
    CHECK(refused.reason() == "UnsupportedMediaType");
    CHECK(
        refused.message() ==
        "the body of the request was in an unknown format - accepted media types include: application/json, "
        "application/vnd.kubernetes.protobuf");
  }
  const std::string flunders = "/apis/wardle.example.com/v1alpha1/namespaces/default/flunders";
  const Reply protobuf = api.send(request("POST", flunders, "k8s", "application/vnd.kubernetes.protobuf"));
  CHECK(protobuf.status == 415);
}

TEST_CASE("a body in protobuf is read as the same object") {
  Api api;
  using namespace std::string_literals;
  // Unknown{typeMeta{apiVersion "v1", kind "ConfigMap"}, raw ConfigMap{metadata{name "p"}, data{"k": "v"}}}
  const std::string raw = "\x0a\x03\x0a\x01p\x12\x06\x0a\x01k\x12\x01v"s;
  const std::string envelope = "k8s\0\x0a\x0f\x0a\x02v1\x12\x09"s + "ConfigMap" + "\x12" +
                               std::string(1, static_cast<char>(raw.size())) + raw;
  const Reply made = post_text(api, envelope, "", "application/vnd.kubernetes.protobuf");
  CHECK(made.status == 201);
  CHECK(made.body["metadata"]["name"] == "p");
  CHECK(made.body["data"] == Json({{"k", "v"}}));
  for (std::size_t length = 0; length < envelope.size(); ++length) {
    const Reply broken =
        post_text(api, envelope.substr(0, length), "?dryRun=All", "application/vnd.kubernetes.protobuf");
    CHECK(broken.status >= 400);
  }
}

}  // namespace k8scale::apiserver
