#include "k8scale/kube/object_protobuf.h"

#include <nlohmann/json.hpp>
#include <protozero/exception.hpp>
#include <protozero/pbf_writer.hpp>

#include "k8scale/base/text.h"
#include "k8scale/base/time.h"
#include "kube/protobuf_frames.h"
#include "kube/protobuf_object.h"

// Go writes fields that are no pointers also when they are empty; so does this.
namespace k8scale::kube {
namespace {

using OrderedJson = nlohmann::ordered_json;
using protozero::pbf_writer;

// Field numbers of generated.proto.
enum UnknownField { unknown_type_meta = 1, unknown_raw = 2, unknown_encoding = 3, unknown_content_type = 4 };
enum TypeMetaField { api_version = 1, kind = 2 };
constexpr std::uint32_t object_metadata = 1;
enum ConfigMapField { config_map_data = 2, binary_data = 3, immutable = 4 };
enum MetadataField {
  metadata_name = 1,
  generate_name = 2,
  metadata_namespace = 3,
  self_link = 4,
  uid = 5,
  resource_version = 6,
  generation = 7,
  creation_timestamp = 8,
  metadata_labels = 11,
  metadata_annotations = 12,
  finalizers = 14,
  managed_fields = 17,
};
enum ManagedFieldsField {
  manager = 1,
  operation = 2,
  managed_api_version = 3,
  managed_time = 4,
  fields_type = 6,
  fields_v1 = 7,
  subresource = 8,
};

void add_text(pbf_writer& out, std::uint32_t field, std::string_view text) {
  out.add_string(field, text.data(), text.size());
}

void add_pair(pbf_writer& out, std::uint32_t field, std::string_view key, std::string_view value) {
  pbf_writer entry(out, field);
  add_text(entry, 1, key);
  add_text(entry, 2, value);
}

void add_time(pbf_writer& out, std::uint32_t field, std::optional<base::WallTime> time) {
  if (!time) return out.add_bytes(field, "");
  pbf_writer inner(out, field);
  inner.add_int64(1, std::chrono::floor<std::chrono::seconds>(time->time_since_epoch()).count());
  inner.add_int32(2, 0);
}

std::string text_of(const OrderedJson& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void add_pairs(pbf_writer& out, std::uint32_t field, const OrderedJson& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_object()) return;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) add_pair(out, field, key, value.get_ref<const std::string&>());
  }
}

void add_managed_fields(pbf_writer& out, const OrderedJson& entry) {
  pbf_writer inner(out, managed_fields);
  add_text(inner, manager, text_of(entry, "manager"));
  add_text(inner, operation, text_of(entry, "operation"));
  add_text(inner, managed_api_version, text_of(entry, "apiVersion"));
  if (entry.contains("time")) add_time(inner, managed_time, base::parse_rfc3339(text_of(entry, "time")));
  add_text(inner, fields_type, text_of(entry, "fieldsType"));
  if (entry.contains("fieldsV1")) {
    pbf_writer raw(inner, fields_v1);
    raw.add_bytes(1, entry["fieldsV1"].dump(-1, ' ', false, OrderedJson::error_handler_t::replace));
  }
  add_text(inner, subresource, text_of(entry, "subresource"));
}

void add_metadata(pbf_writer& out, const OrderedJson& metadata) {
  pbf_writer inner(out, object_metadata);
  add_text(inner, metadata_name, text_of(metadata, "name"));
  add_text(inner, generate_name, text_of(metadata, "generateName"));
  add_text(inner, metadata_namespace, text_of(metadata, "namespace"));
  add_text(inner, self_link, text_of(metadata, "selfLink"));
  add_text(inner, uid, text_of(metadata, "uid"));
  add_text(inner, resource_version, text_of(metadata, "resourceVersion"));
  const auto count = metadata.find("generation");
  const bool counted = count != metadata.end() && count->is_number_integer();
  inner.add_int64(generation, counted ? count->get<std::int64_t>() : 0);
  add_time(inner, creation_timestamp, base::parse_rfc3339(text_of(metadata, "creationTimestamp")));
  add_pairs(inner, metadata_labels, metadata, "labels");
  add_pairs(inner, metadata_annotations, metadata, "annotations");
  const auto blockers = metadata.find("finalizers");
  if (blockers != metadata.end() && blockers->is_array()) {
    for (const OrderedJson& each : *blockers) {
      if (each.is_string()) add_text(inner, finalizers, each.get_ref<const std::string&>());
    }
  }
  const auto managed = metadata.find("managedFields");
  if (managed == metadata.end() || !managed->is_array()) return;
  for (const OrderedJson& each : *managed) {
    if (each.is_object()) add_managed_fields(inner, each);
  }
}

std::optional<std::string> message_of(std::string_view json) {
  const OrderedJson object = OrderedJson::parse(json, nullptr, false);
  if (!object.is_object() || text_of(object, "kind") != "ConfigMap") return std::nullopt;
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return std::nullopt;
  std::string message;
  pbf_writer out(message);
  add_metadata(out, *metadata);
  add_pairs(out, config_map_data, object, "data");
  const auto bytes = object.find("binaryData");
  if (bytes != object.end() && bytes->is_object()) {
    for (const auto& [key, value] : bytes->items()) {
      if (!value.is_string()) continue;
      add_pair(out, binary_data, key, base::base64_decode(value.get_ref<const std::string&>()).value_or(""));
    }
  }
  const auto fixed = object.find("immutable");
  if (fixed != object.end() && fixed->is_boolean()) out.add_bool(immutable, fixed->get<bool>());
  return message;
}

}  // namespace

std::string encode_object(const Resource& resource, const ObjectFields& fields) {
  std::string text(protobuf_magic);
  pbf_writer out(text);
  {
    pbf_writer type(out, unknown_type_meta);
    add_text(type, api_version, resource.api_version());
    add_text(type, kind, resource.kind);
  }
  {
    pbf_writer raw(out, unknown_raw);
    {
      pbf_writer metadata(raw, object_metadata);
      add_text(metadata, metadata_name, fields.name);
      add_text(metadata, metadata_namespace, fields.namespace_name);
      if (!fields.resource_version.empty()) add_text(metadata, resource_version, fields.resource_version);
      for (const auto& [key, value] : fields.labels) add_pair(metadata, metadata_labels, key, value);
      for (const auto& [key, value] : fields.annotations) {
        add_pair(metadata, metadata_annotations, key, value);
      }
    }
    for (const auto& [key, value] : fields.data) add_pair(raw, config_map_data, key, value);
  }
  add_text(out, unknown_encoding, "");
  add_text(out, unknown_content_type, "");
  return text;
}

std::optional<std::size_t> protobuf_length_of_config_map(std::string_view body) {
  if (const auto raw = open_protobuf_envelope(body)) return raw->size();
  const auto message = message_of(body);
  if (!message) return std::nullopt;
  return message->size();
}

}  // namespace k8scale::kube
