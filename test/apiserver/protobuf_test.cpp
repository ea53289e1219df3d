#include "apiserver/protobuf.h"

#include "api.h"
#include "apiserver/media_type.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

using namespace std::string_literals;

const std::string binary = "application/vnd.kubernetes.protobuf";
const std::string binary_metadata = binary + ";as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

Json round_trip(const Schema& schema, const Json& document) {
  return read_protobuf_object(schema, write_protobuf_object(schema, document)).value_or(nullptr);
}

Json full_config_map() {
  return parse_json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"n","namespace":"default",
    "uid":"u","resourceVersion":"12","generation":3,"creationTimestamp":"2026-11-24T15:04:05Z",
    "labels":{"a":"b","c":""},"annotations":{"k":"v"},"finalizers":["f1","f2"],"deletionGracePeriodSeconds":0,
    "ownerReferences":[{"kind":"Pod","name":"p","uid":"x","apiVersion":"v1","controller":false}],
    "managedFields":[{"manager":"m","operation":"Update","time":"2026-11-24T15:04:05Z","fieldsV1":{"f:data":{}}}]},
    "data":{"k":"v","long":"é\u0000"},"binaryData":{"b":"AAEC"},"immutable":false})")
      .value;
}

TEST_CASE("objects survive the way to protobuf and back") {
  const Schema schema;
  for (
      const char* text :
      {R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"ports":[{"port":80,"targetPort":8080},
            {"port":81,"targetPort":"http"}],"selector":{"a":"b"},"clusterIP":"None"}})",
       R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"l"},
            "spec":{"leaseDurationSeconds":15,"renewTime":"2026-11-24T15:04:05.123456Z"}})",
       R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"type":"Opaque","data":{"a":"AAEC"}})",
       R"({"apiVersion":"v1","kind":"Status","metadata":{},"status":"Failure","code":404,
            "details":{"causes":[{"reason":"r","message":"m","field":"f"}],"retryAfterSeconds":1}})"}) {
    Json document = parse_json(text).value;
    const Json read = round_trip(schema, document);
    if (document["metadata"].empty()) document.erase("metadata");
    CHECK(read == document);
  }
  CHECK(round_trip(schema, full_config_map()) == full_config_map());
}

// What kube-apiserver 1.37 sent for a get.
TEST_CASE("an object of kube-apiserver is read") {
  const std::string body =
      "k8s\0\n\x0f\n\x02v1\x12\tConfigMap\x12\xd5\x01\n\xca\x01\n\x02p0\x12\x00\x1a\x07"
      "default\"\x00*$"
      "76738b6c-7aba-4db8-881c-a957698ac808"
      "2\x03"
      "2198\x00"
      "B\x08\x08\xcc\x95\x98\xd8\x06\x10\x00Z\x06\n\x01"
      "a\x12\x01"
      "b\x8a\x01w\n\x07unknown\x12\x06Update\x1a\x02v1\"\x08\x08\xcc\x95\x98\xd8\x06\x10\x00"
      "2\x08"
      "FieldsV1:J\nH{\"f:data\":{\".\":{},\"f:k\":{}},\"f:metadata\":{\"f:labels\":{\".\":{},\"f:a\":{}}}}"
      "B\x00"
      "\x12\x06\n\x01k\x12\x01v\x1a\x00\"\x00"s;
  const std::optional<Json> read = read_protobuf_object(Schema(), body);
  REQUIRE(read);
  CHECK((*read)["metadata"]["resourceVersion"] == "219");
  CHECK((*read)["metadata"]["creationTimestamp"] == "2026-11-24T22:08:12Z");
  CHECK((*read)["metadata"]["labels"] == Json{{"a", "b"}});
  CHECK((*read)["metadata"]["managedFields"][0]["fieldsV1"]["f:data"]["f:k"] == Json::object());
  CHECK((*read)["data"] == Json{{"k", "v"}});
}

TEST_CASE("broken protobuf is no object") {
  const Schema schema;
  const std::string whole = write_protobuf_object(schema, full_config_map());
  CHECK_FALSE(read_protobuf_object(schema, "k8s\0"s));
  CHECK_FALSE(read_protobuf_object(schema, "k8s\0\xff\xff\xff\xff"s));
  CHECK_FALSE(read_protobuf_object(schema, "{}"));
  CHECK_FALSE(read_protobuf_object(schema, "k8s\0\n\x0b\n\x02v1\x12\x05Other"s));
  // Text where an object belongs: metadata as a number.
  CHECK_FALSE(read_protobuf_object(schema, "k8s\0\n\x0f\n\x02v1\x12\tConfigMap\x12\x02\x08\x01"s));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(read_protobuf_object(schema, whole.substr(0, size)) == full_config_map());
  }
}

TEST_CASE("gets, lists, writes and refusals speak protobuf when they are asked to") {
  Api api;
  const Schema schema;
  const auto read = [&](const Reply& reply) {
    return read_protobuf_object(schema, reply.text).value_or(Json());
  };
  net::ServerRequest create =
      request("POST", config_maps, write_protobuf_object(schema, config_map("a", {{"k", "v"}})), binary);
  create.headers.add("Accept", binary);
  const Reply created = api.send(create);
  CHECK(created.status == 201);
  CHECK(created.headers.find("Content-Type") == binary);
  CHECK(read(created)["data"]["k"] == "v");
  CHECK(api.get(config_maps + "/a", binary).text == created.text);
  const Json metadata = read(api.get(config_maps + "/a", binary_metadata));
  CHECK(metadata["kind"] == "PartialObjectMetadata");
  CHECK(metadata["metadata"]["name"] == "a");
  CHECK(read(api.get(config_maps + "/b", binary))["reason"] == "NotFound");
  const Reply list = api.get(config_maps, binary + ",application/json");
  CHECK(list.text.starts_with("k8s\0\n\x13\n\x02v1\x12\rConfigMapList"s));
  CHECK(list.text.find("\x0a\x01"
                       "a\x1a\x07"
                       "default"s) != std::string::npos);
  net::ServerRequest remove = request("DELETE", config_maps + "/a");
  remove.headers.add("Accept", binary);
  CHECK(read(api.send(remove))["status"] == "Success");
}

TEST_CASE("custom resources have no protobuf, but their metadata has") {
  ApiSetting setting;
  setting.resources = {{"example.com", "v1", "widgets", "Widget", true}};
  Api api(setting);
  const std::string widgets = "/apis/example.com/v1/namespaces/default/widgets";
  const Json widget = {{"apiVersion", "example.com/v1"}, {"kind", "Widget"}, {"metadata", {{"name", "w"}}}};
  REQUIRE(api.post(widgets, widget).status == 201);
  CHECK(api.get(widgets + "/w", binary).status == 406);
  CHECK(api.get(widgets + "/w", binary + ",application/json").body["kind"] == "Widget");
  CHECK(api.get(widgets + "/w", binary_metadata).status == 200);
}

TEST_CASE("an event in protobuf stands behind its length") {
  CHECK(write_protobuf_event("ADDED", "k8s\0ab"s) ==
        "\0\0\0\x11\n\x05"
        "ADDED\x12\x08\n\x06k8s\0ab"s);
}

TEST_CASE("the most liked of the served media types is chosen") {
  const auto encoding = [](std::string_view accept) {
    const auto form = accepted_form(accept, AnswerKind::object, true);
    return form ? static_cast<int>(form->encoding) : -1;
  };
  constexpr int json = 0, protobuf = 1, none = -1;
  CHECK(encoding("") == json);
  CHECK(encoding("*/*") == json);
  CHECK(encoding("application/vnd.kubernetes.protobuf, application/json") == protobuf);
  CHECK(encoding("application/json, application/vnd.kubernetes.protobuf") == json);
  CHECK(encoding("application/json;q=0.5, application/vnd.kubernetes.protobuf") == protobuf);
  CHECK(encoding("application/vnd.kubernetes.protobuf;q=0.1,application/json") == json);
  CHECK(encoding("text/html, application/yaml") == none);
  CHECK(encoding("application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1") == none);
  CHECK(encoding("application/json;as=Table;g=meta.k8s.io;v=v1beta1, application/json") == json);
}

}  // namespace
}  // namespace k8scale::apiserver
