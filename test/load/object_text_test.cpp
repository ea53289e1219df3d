#include "k8scale/load/object_text.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "k8scale/kube/object_protobuf.h"
#include "k8scale/kube/resource_version.h"
#include "kube/protobuf_text.h"

namespace k8scale::load {
namespace {

using nlohmann::json;

const base::WallTime now = base::parse_rfc3339("2026-11-24T15:04:05.678Z").value();

ObjectShape config_map_shape() {
  ObjectShape shape;
  shape.resource = kube::config_maps();
  return shape;
}
ObjectText text_with(ObjectShape shape, std::size_t length = 3, double sigma = 0) {
  return {std::move(shape), ObjectSizes(length, sigma, 1 << 20, 1)};
}

}  // namespace

TEST_CASE("a ConfigMap is JSON with the name, the time and as many zeros as asked for") {
  const std::size_t length = GENERATE(0U, 1U, 2000U, 1U << 20U);
  const auto object = json::parse(text_with(config_map_shape(), length).create({1, "r-0001", "space"}, now));
  CHECK(object["kind"] == "ConfigMap");
  CHECK(object["apiVersion"] == "v1");
  const auto& metadata = object["metadata"];
  CHECK(metadata["name"] == "r-0001");
  CHECK(metadata["namespace"] == "space");
  CHECK(metadata["labels"] == json{{"purpose", "scaletest"}});
  CHECK(metadata["annotations"] == json{{"scaletest/createTimestamp", base::format_local_millis(now)}});
  CHECK(object["data"] == json{{"key1", std::string(length, '0')}});
  CHECK(object.size() == 4);
}

TEST_CASE("a Flunder has an empty spec and no timestamp") {
  ObjectShape shape;
  shape.resource = kube::flunders();
  shape.place = DataPlace::nowhere;
  shape.create_timestamp = CreateTimestamp::no;
  shape.has_spec = true;
  const auto object = json::parse(text_with(shape).create({1, "r-1", "space"}, now));
  CHECK(object["apiVersion"] == "wardle.example.com/v1alpha1");
  CHECK(object["spec"] == json::object());
  CHECK_FALSE(object["metadata"].contains("annotations"));
  CHECK(object.size() == 4);
}

TEST_CASE("an update is the phase, padded with zeros, and the time") {
  ObjectShape shape = config_map_shape();
  shape.update_length = 12;
  const auto patch = json::parse(text_with(shape).patch(7, now));
  CHECK(patch["data"] == json{{"baz", "000000000007"}});
  CHECK(patch["metadata"]["annotations"] ==
        json{{"scaletest/updateTimestamp", base::format_local_millis(now)}});
  CHECK(text_with(shape).patch_type() == kube::PatchType::strategic);
}

TEST_CASE("a kind without data is updated in its annotations, by a merge patch, and in its version") {
  ObjectShape shape;
  shape.resource = kube::flunders();
  shape.place = DataPlace::annotation;
  const ObjectText text = text_with(shape);
  CHECK(text.patch_type() == kube::PatchType::merge);
  const auto patch = json::parse(text.patch(7, now));
  CHECK(patch["metadata"]["annotations"].size() == 2);
  CHECK_FALSE(patch.contains("data"));
  const auto whole = json::parse(text.replace({1, "r-1", "space"}, 7, "42", now));
  CHECK(whole["metadata"]["resourceVersion"] == "42");
  CHECK(whole["metadata"]["annotations"]["scaletest/data"] == "000");
  CHECK(whole["metadata"]["annotations"].contains("scaletest/update"));
}

TEST_CASE("a ConfigMap is replaced in its version, or without one whatever it is") {
  const ObjectKey key{1, "r-1", "space"};
  ObjectShape shape = config_map_shape();
  const auto whole = json::parse(text_with(shape).replace(key, 7, "42", now));
  CHECK(whole["metadata"]["resourceVersion"] == "42");
  CHECK(whole["data"].size() == 2);
  CHECK_FALSE(json::parse(text_with(shape).replace(key, 7, "", now))["metadata"].contains("resourceVersion"));
  shape.encoding = kube::Encoding::protobuf;
  CHECK(kube::resource_version_of(text_with(shape).replace(key, 7, "42", now)) == "42");
  CHECK(kube::resource_version_of(text_with(shape).replace(key, 7, "", now)).empty());
}

TEST_CASE("sizes that differ are a function of the object's number") {
  const ObjectText text = text_with(config_map_shape(), 1000, 1);
  const auto length = [&](std::uint64_t number) { return text.create({number, "r-1", "space"}, now).size(); };
  CHECK(length(1) != length(2));
  CHECK(length(1) == length(1));
}

TEST_CASE("protobuf has what JSON has") {
  ObjectShape shape = config_map_shape();
  const ObjectKey key{1, "r-1", "space"};
  const std::string as_json = text_with(shape).create(key, now);
  shape.encoding = kube::Encoding::protobuf;
  const std::string as_protobuf = text_with(shape).create(key, now);
  CHECK(as_protobuf.starts_with(std::string_view("k8s\0", 4)));
  // Go also writes empty texts (generateName, selfLink, uid, resourceVersion), a generation of 0 and no time.
  const std::size_t empty_fields = 4 * 2 + 2 + 2;
  CHECK(kube::protobuf_length_of_config_map(as_json).value() ==
        kube::protobuf_length_of_config_map(as_protobuf).value() + empty_fields);
}

TEST_CASE("a kind without data has its metadata in protobuf too") {
  ObjectShape shape;
  shape.resource = {"coordination.k8s.io", "v1", "leases", "Lease", true};
  shape.place = DataPlace::annotation;
  shape.encoding = kube::Encoding::protobuf;
  const std::string whole = text_with(shape).replace({1, "r-1", "space"}, 7, "42", now);
  using kube::entry, kube::field;
  const std::string metadata =
      field(1, "r-1") + field(3, "space") + field(6, "42") + entry(11, "purpose", "scaletest") +
      entry(12, "scaletest/updateTimestamp", base::format_local_millis(now)) +
      entry(12, "scaletest/data", "000") + entry(12, "scaletest/update", std::string(99, '0') + "7");
  const std::string type = field(1, "coordination.k8s.io/v1") + field(2, "Lease");
  using namespace std::string_literals;
  CHECK(whole == "k8s\0"s + field(1, type) + field(2, field(1, metadata)) + field(3, "") + field(4, ""));
}

}  // namespace k8scale::load
