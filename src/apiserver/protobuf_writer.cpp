#include <fmt/format.h>

#include <protozero/pbf_writer.hpp>

#include "k8scale/base/text.h"
#include "k8scale/base/time.h"
#include "protobuf.h"
#include "protobuf_envelope.h"

namespace k8scale::apiserver {
namespace {

using protozero::pbf_writer;

void write_time(pbf_writer& out, const Json& value) {
  const auto moment = base::parse_rfc3339(value.get_ref<const std::string&>());
  if (!moment) return;
  const auto since = moment->time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  out.add_int64(1, seconds.count());
  out.add_int32(2, static_cast<std::int32_t>(base::Nanoseconds(since - seconds).count()));
}

void write_int_or_string(pbf_writer& out, const Json& value) {
  out.add_int64(1, value.is_string() ? 1 : 0);
  if (value.is_string()) {
    out.add_string(3, value.get_ref<const std::string&>());
  } else {
    out.add_int32(2, value.get<std::int32_t>());
  }
}

class Encoder {
 public:
  explicit Encoder(const Schema& schema) : schema_(schema) {}

  void message(pbf_writer& out, const MessageType& type, const Json& value) {
    for (const FieldInfo& field : type.fields) {
      const Json& found = member(value, field.name);
      if (!found.is_null()) shaped(out, field, found);
    }
  }

 private:
  void shaped(pbf_writer& out, const FieldInfo& field, const Json& value) {
    if (field.shape == Shape::single) return single(out, field.number, field, value);
    if (field.shape == Shape::repeated) {
      for (const Json& each : value) single(out, field.number, field, each);
      return;
    }
    for (const auto& [key, each] : value.get_ref<const Json::object_t&>()) {
      pbf_writer entry(out, field.number);
      entry.add_string(1, key);
      single(entry, 2, field, each);
    }
  }

  void single(pbf_writer& out, std::uint32_t number, const FieldInfo& field, const Json& value) {
    switch (field.type) {
      case FieldType::text:
        return out.add_string(number, value.get_ref<const std::string&>());
      case FieldType::bytes:
        return out.add_bytes(number, base::base64_decode(value.get_ref<const std::string&>()).value_or(""));
      case FieldType::boolean:
        return out.add_bool(number, value.get<bool>());
      case FieldType::integer:
        return out.add_int64(number, value.get<std::int64_t>());
      default:
        break;
    }
    pbf_writer inner(out, number);
    if (field.type == FieldType::time) write_time(inner, value);
    if (field.type == FieldType::int_or_string) write_int_or_string(inner, value);
    if (field.type == FieldType::raw_json) inner.add_bytes(1, to_text(value));
    if (field.type == FieldType::message) message(inner, *schema_.find(field.message), value);
  }

  const Schema& schema_;
};

// Begins an enveloped object; its fields follow at unknown_raw.
void write_type(pbf_writer& out, std::string_view api_version, std::string_view kind) {
  pbf_writer type(out, unknown_type_meta);
  type.add_string(type_meta_api_version, api_version.data(), api_version.size());
  type.add_string(type_meta_kind, kind.data(), kind.size());
}

}  // namespace

std::string write_protobuf_object(const Schema& schema, const Json& document) {
  std::string text(protobuf_magic);
  pbf_writer out(text);
  const std::string_view kind = text_member(document, "kind");
  write_type(out, text_member(document, "apiVersion"), kind);
  pbf_writer raw(out, unknown_raw);
  Encoder(schema).message(raw, *schema.find(kind), document);
  raw.commit();
  return text;
}

std::string write_protobuf_list(const Schema& schema, std::string_view api_version, std::string_view kind,
                                const Json& metadata, std::span<const Json> items) {
  constexpr std::uint32_t list_metadata = 1, list_items = 2;
  std::string text(protobuf_magic);
  pbf_writer out(text);
  write_type(out, api_version, fmt::format("{}List", kind));
  pbf_writer raw(out, unknown_raw);
  Encoder encoder(schema);
  {
    pbf_writer meta(raw, list_metadata);
    encoder.message(meta, *schema.find("ListMeta"), metadata);
  }
  const MessageType& type = *schema.find(kind);
  for (const Json& each : items) {
    pbf_writer item(raw, list_items);
    encoder.message(item, type, each);
  }
  raw.commit();
  return text;
}

std::string write_protobuf_event(std::string_view type, std::string_view object) {
  constexpr std::uint32_t event_type = 1, event_object = 2, extension_raw = 1;
  constexpr std::size_t length_size = 4;
  std::string frame(length_size, '\0');
  frame.reserve(length_size + type.size() + object.size() + 16);
  pbf_writer out(frame);
  out.add_string(event_type, type.data(), type.size());
  pbf_writer extension(out, event_object);
  extension.add_bytes(extension_raw, object.data(), object.size());
  extension.commit();
  const std::size_t length = frame.size() - length_size;
  for (std::size_t i = 0; i < length_size; ++i) frame[i] = static_cast<char>(length >> (24 - 8 * i));
  return frame;
}

}  // namespace k8scale::apiserver
