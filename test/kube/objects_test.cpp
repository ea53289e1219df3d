#include "catch.h"
#include "kube/json_object.h"
#include "kube/protobuf_object.h"
#include "kube/split_piece.h"
#include "protobuf_text.h"

namespace base = k8scale::base;
using namespace k8scale::kube;

namespace {

const std::vector<std::string> wanted = {"scaletest/createTimestamp", "absent"};

// A piece as simdjson wants it.
std::string_view padded(SplitPiece& piece, std::string_view json) {
  piece.clear();
  piece.append(json);
  return piece.finish();
}

struct Json {
  Finding item(std::string_view json) { return parser.parse_item(padded(piece, json), wanted); }
  Finding event(std::string_view json) { return parser.parse_event(padded(piece, json), wanted, refusal); }
  JsonParser parser;
  SplitPiece piece;
  Status refusal;
};

struct Protobuf {
  Finding item(std::string_view object) {
    bytes = object;
    return parser.parse_item(bytes, wanted);
  }
  Finding event(std::string_view frame) {
    bytes = frame.substr(4);  // without its length
    return parser.parse_event(bytes, wanted, refusal);
  }
  ProtobufParser parser;
  std::string bytes;
  Status refusal;
};

void check_object(const ObjectView& object) {
  CHECK(object.name == "a");
  CHECK(object.namespace_name == "ns");
  CHECK(object.uid == "u-a");
  CHECK(object.resource_version == "12");
  CHECK(object.created == base::parse_rfc3339("2026-11-24T15:04:05Z"));
  REQUIRE(object.annotations.size() == 2);
  CHECK(object.annotations[0] == "2026-11-24 15:04:05.123 +0000");
  CHECK(object.annotations[1].empty());
}

std::string json_object(const std::string& metadata, const std::string& more = "") {
  return R"({"metadata":{"name":"a","namespace":"ns","uid":"u-a","resourceVersion":"12")" + metadata + "}" +
         more + "}";
}

}  // namespace

TEST_CASE("an object's metadata and wanted annotations are read from JSON") {
  Json json;
  const Finding found = json.item(json_object(
      R"(,"creationTimestamp":"2026-11-24T15:04:05Z","labels":{"l":"v"},"managedFields":[{"manager":"m"}],)"
      R"("annotations":{"other":"x","scaletest/createTimestamp":"2026-11-24 15:04:05.123 +0000"})",
      R"(,"data":{"key":"value"})"));
  REQUIRE(found.kind == Finding::Kind::item);
  check_object(found.object);
}

TEST_CASE("an object's metadata and wanted annotations are read from protobuf") {
  Protobuf protobuf;
  const Finding found = protobuf.item(protobuf_object(
      "a", 12,
      number_field(7, 3) + field(8, number_field(1, 1795532645)) + entry(11, "l", "v") +
          entry(12, "other", "x") + entry(12, "scaletest/createTimestamp", "2026-11-24 15:04:05.123 +0000") +
          field(17, "managed")));
  REQUIRE(found.kind == Finding::Kind::item);
  check_object(found.object);
}

TEST_CASE("the content hash of an object in JSON tells its contents apart, and only these") {
  Json json;
  const auto hash = [&](const std::string& metadata, const std::string& more) {
    return json.item(json_object(metadata, more)).object.content_hash;
  };
  const std::string labels = R"(,"labels":{"a":"1","b":"2"})";
  const std::string data = R"(,"data":{"k":"v"})";
  const std::uint64_t same = hash(labels, data);
  CHECK(hash(R"(,"labels":{"b":"2","a":"1"})", data) == same);
  CHECK(hash(labels + R"(,"generation":7)", data + R"(,"immutable":true)") == same);
  CHECK(hash(R"(,"labels":{"a":"2","b":"1"})", data) != same);
  CHECK(hash(R"(,"annotations":{"a":"1","b":"2"})", data) != same);
  CHECK(hash(labels, R"(,"data":{"k":"w"})") != same);
  CHECK(hash(labels, R"(,"data":{"l":"v"})") != same);
  CHECK(hash(labels, "") != same);
  CHECK(json.item(R"({"metadata":{"name":"a","uid":"other","resourceVersion":"12"}})").object.content_hash !=
        json.item(R"({"metadata":{"name":"a","uid":"u-a","resourceVersion":"12"}})").object.content_hash);
}

TEST_CASE("the content hash of an object in protobuf tells its contents apart, and only these") {
  Protobuf protobuf;
  const auto hash = [&](const std::string& metadata, const std::string& more) {
    return protobuf.item(protobuf_object("a", 12, metadata) + more).object.content_hash;
  };
  const std::string labels = entry(11, "a", "1") + entry(11, "b", "2");
  const std::string data = entry(2, "k", "v");
  const std::uint64_t same = hash(labels, data);
  CHECK(hash(entry(11, "b", "2") + entry(11, "a", "1"), data) == same);
  CHECK(hash(labels + number_field(7, 9), data + number_field(4, 1)) == same);
  CHECK(hash(entry(11, "a", "2") + entry(11, "b", "1"), data) != same);
  CHECK(hash(entry(12, "a", "1") + entry(12, "b", "2"), data) != same);
  CHECK(hash(labels, entry(2, "k", "w")) != same);
  CHECK(hash(labels, "") != same);
}

TEST_CASE("events are read from both encodings") {
  const auto [type, kind, event_type] = GENERATE(table<std::string, Finding::Kind, EventType>({
      {"ADDED", Finding::Kind::change, EventType::added},
      {"MODIFIED", Finding::Kind::change, EventType::modified},
      {"DELETED", Finding::Kind::change, EventType::deleted},
      {"BOOKMARK", Finding::Kind::bookmark, EventType::added},
  }));
  Json json;
  const Finding from_json = json.event(R"({"object":)" + json_object("") + R"(,"type":")" + type + R"("})");
  Protobuf protobuf;
  const Finding from_protobuf =
      protobuf.event(protobuf_event(type, envelope("ConfigMap", protobuf_object("a", 12))));
  for (const Finding& found : {from_json, from_protobuf}) {
    CHECK(found.kind == kind);
    CHECK(found.type == event_type);
    CHECK(found.object.name == "a");
    CHECK(found.object.resource_version == "12");
    CHECK(!found.initial_events_end);
  }
}

TEST_CASE("the bookmark that ends a streamed list is recognised in both encodings") {
  Json json;
  const Finding from_json =
      json.event(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","creationTimestamp":null,)"
                 R"("annotations":{"k8s.io/initial-events-end":"true"}}}})");
  Protobuf protobuf;
  const std::string metadata = field(6, "9") + entry(12, "k8s.io/initial-events-end", "true");
  const Finding from_protobuf =
      protobuf.event(protobuf_event("BOOKMARK", envelope("ConfigMap", field(1, metadata))));
  for (const Finding& found : {from_json, from_protobuf}) {
    CHECK(found.kind == Finding::Kind::bookmark);
    CHECK(found.initial_events_end);
    CHECK(found.object.resource_version == "9");
  }
}

TEST_CASE("the Status of an ERROR event is read from both encodings") {
  Json json;
  const Finding from_json = json.event(
      R"({"type":"ERROR","object":{"kind":"Status","code":504,"reason":"Timeout","message":"Too large resource )"
      R"(version: 9","details":{"causes":[{"reason":"ResourceVersionTooLarge"}],"retryAfterSeconds":1}}})");
  Protobuf protobuf;
  const std::string details = field(4, field(1, "ResourceVersionTooLarge")) + number_field(5, 1);
  const std::string status = field(2, "Failure") + field(3, "Too large resource version: 9") +
                             field(4, "Timeout") + field(5, details) + number_field(6, 504);
  const Finding from_protobuf = protobuf.event(protobuf_event("ERROR", envelope("Status", status)));
  CHECK(from_json.kind == Finding::Kind::refusal);
  CHECK(from_protobuf.kind == Finding::Kind::refusal);
  for (const Status& refusal : {json.refusal, protobuf.refusal}) {
    CHECK(refusal.code == 504);
    CHECK(refusal.reason == "Timeout");
    CHECK(refusal.message == "Too large resource version: 9");
    CHECK(refusal.retry_after == std::chrono::seconds(1));
    REQUIRE(refusal.causes.size() == 1);
    CHECK(refusal.causes[0].reason == "ResourceVersionTooLarge");
  }
}

TEST_CASE("a pause of more than an hour is one of an hour in protobuf too") {
  const std::string status = field(4, "Timeout") + field(5, number_field(5, 2'147'483'647));
  const auto read = parse_protobuf_status(envelope("Status", status));
  REQUIRE(read.has_value());
  CHECK(read->retry_after == std::chrono::hours(1));
}

TEST_CASE("JSON that makes no sense is garbage") {
  const auto [event, problem] = GENERATE(table<std::string, std::string>({
      {"nonsense", "no JSON object"},
      {"[]", "no JSON object"},
      {R"({"type":"ADDED","object":{"metadata":{"name":"a")", "no JSON object"},
      {R"({"type":"ADDED","object":{}} {})", "no JSON object"},
      {std::string(5000, '['), "no JSON object"},
      {"{\"type\":\"\xff\"}", "no JSON object"},
      {"{}", "an event of an unknown type"},
      {R"({"type":7})", "an event of an unknown type"},
      {R"({"type":"RENAMED","object":{}})", "an event of an unknown type"},
      {R"({"type":"ADDED"})", "an event without object"},
      {R"({"type":"ADDED","object":"a"})", "an event without object"},
      {R"({"type":"ERROR","object":null})", "an event without object"},
      {R"({"type":"ADDED","object":{}})", "an object without metadata"},
      {R"({"type":"ADDED","object":{"metadata":[]}})", "an object without metadata"},
      {R"({"type":"ADDED","object":{"metadata":{"resourceVersion":"1"}}})", "an object without name"},
      {R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":1}}})",
       "an object without resourceVersion"},
      {R"({"type":"BOOKMARK","object":{"metadata":{}}})", "an object without resourceVersion"},
  }));
  Json json;
  const Finding found = json.event(event);
  CHECK(found.kind == Finding::Kind::garbage);
  CHECK(found.problem == problem);
}

TEST_CASE("protobuf that makes no sense is garbage") {
  const auto [event, problem] = GENERATE(table<std::string, std::string>({
      {frame("nonsense"), "no protobuf"},
      {frame(""), "an event of an unknown type"},
      {frame(field(1, "RENAMED")), "an event of an unknown type"},
      {frame(field(1, "ADDED")), "an event without object"},
      {protobuf_event("ADDED", "{}"), "an event without object"},
      {protobuf_event("ADDED", "k8s\0\x12\x7f"s), "no protobuf"},
      {protobuf_event("ADDED", envelope("ConfigMap", "")), "an object without metadata"},
      {protobuf_event("ADDED", envelope("ConfigMap", field(1, ""))), "an object without resourceVersion"},
      {protobuf_event("ADDED", envelope("ConfigMap", field(1, field(6, "1")))), "an object without name"},
      {protobuf_event("ADDED", envelope("ConfigMap", field(1, "\x0a\x7f"))), "no protobuf"},
  }));
  Protobuf protobuf;
  const Finding found = protobuf.event(event);
  CHECK(found.kind == Finding::Kind::garbage);
  CHECK(found.problem == problem);
}

TEST_CASE("no prefix of an event is an event") {
  const std::string json_event = R"({"type":"ADDED","object":)" + json_object(R"(,"labels":{"a":"b"})") + "}";
  Json json;
  for (std::size_t size = 0; size < json_event.size(); ++size) {
    CHECK(json.event(json_event.substr(0, size)).kind == Finding::Kind::garbage);
  }
  CHECK(json.event(json_event).kind == Finding::Kind::change);
}
