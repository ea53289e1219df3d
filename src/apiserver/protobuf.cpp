#include "protobuf.h"

#include <protozero/pbf_reader.hpp>

#include "k8scale/base/text.h"
#include "k8scale/base/time.h"
#include "protobuf_envelope.h"

namespace k8scale::apiserver {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// A field whose wire type is not that of its declaration.
struct WrongWireType : protozero::exception {};

void expect(const pbf_reader& field, pbf_wire_type type) {
  if (field.wire_type() != type) throw WrongWireType();
}

std::string_view read_bytes(pbf_reader& field) {
  expect(field, pbf_wire_type::length_delimited);
  const protozero::data_view view = field.get_view();
  return {view.data(), view.size()};
}

std::int64_t read_integer(pbf_reader& field) {
  expect(field, pbf_wire_type::varint);
  return field.get_int64();
}

pbf_reader reader(std::string_view text) { return pbf_reader(text.data(), text.size()); }

Json read_time(std::string_view text) {
  if (text.empty()) return nullptr;
  std::int64_t seconds = 0, nanoseconds = 0;
  for (pbf_reader field = reader(text); field.next();) {
    std::int64_t& part = field.tag() == 1 ? seconds : nanoseconds;
    part = read_integer(field);
  }
  const auto since = std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds);
  const base::WallTime time{std::chrono::duration_cast<base::WallTime::duration>(since)};
  std::string written = base::format_rfc3339(time);
  if (nanoseconds != 0) {
    std::string micros = std::to_string(1'000'000 + nanoseconds / 1000);
    written.insert(written.size() - 1, "." + micros.substr(1));
  }
  return written;
}

Json read_int_or_string(std::string_view text) {
  bool is_text = false;
  Json integer = 0, words = "";
  for (pbf_reader field = reader(text); field.next();) {
    if (field.tag() == 1) {
      is_text = read_integer(field) == 1;
    } else if (field.tag() == 2) {
      integer = static_cast<std::int32_t>(read_integer(field));
    } else if (field.tag() == 3) {
      words = read_bytes(field);
    } else {
      field.skip();
    }
  }
  return is_text ? words : integer;
}

Json read_raw_json(std::string_view text) {
  Json value;
  for (pbf_reader field = reader(text); field.next(1);) value = parse_json(read_bytes(field)).value;
  return value;
}

// Broken text ends it with a protozero::exception.
class Decoder {
 public:
  explicit Decoder(const Schema& schema) : schema_(schema) {}

  Json message(const MessageType& type, std::string_view text) {
    Json out = Json::object();
    for (pbf_reader wire = reader(text); wire.next();) {
      const FieldInfo* field = type.find(wire.tag());
      if (field == nullptr) {
        wire.skip();
      } else {
        add(*field, wire, out);
      }
    }
    return out;
  }

 private:
  void add(const FieldInfo& field, pbf_reader& wire, Json& out) {
    if (field.shape == Shape::map) return add_entry(field, read_bytes(wire), out[field.name]);
    Json value = single(field, wire);
    if (field.shape == Shape::repeated) {
      out[field.name].push_back(std::move(value));
    } else if (field.keeps_zero || !is_zero(field, value)) {
      out[field.name] = std::move(value);
    }
  }

  // Go writes what is absent as empty or zero.
  static bool is_zero(const FieldInfo& field, const Json& value) {
    if (field.type == FieldType::message) return value.empty();
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    return value.is_null() || value == 0 || value == false;
  }

  void add_entry(const FieldInfo& field, std::string_view text, Json& map) {
    std::string key;
    Json value = "";
    for (pbf_reader wire = reader(text); wire.next();) {
      if (wire.tag() == 1) {
        key = read_bytes(wire);
      } else if (wire.tag() == 2) {
        value = single(field, wire);
      } else {
        wire.skip();
      }
    }
    map[key] = std::move(value);
  }

  Json single(const FieldInfo& field, pbf_reader& wire) {
    switch (field.type) {
      case FieldType::boolean:
        return read_integer(wire) != 0;
      case FieldType::integer:
        return read_integer(wire);
      case FieldType::text:
        return read_bytes(wire);
      case FieldType::bytes:
        return base::base64_encode(read_bytes(wire));
      case FieldType::time:
        return read_time(read_bytes(wire));
      case FieldType::int_or_string:
        return read_int_or_string(read_bytes(wire));
      case FieldType::raw_json:
        return read_raw_json(read_bytes(wire));
      case FieldType::message:
        return message(*schema_.find(field.message), read_bytes(wire));
    }
    return nullptr;
  }

  const Schema& schema_;
};

Json read_object(const Schema& schema, std::string_view envelope) {
  std::string_view raw, api_version, kind;
  for (pbf_reader field = reader(envelope); field.next();) {
    if (field.tag() == unknown_raw) {
      raw = read_bytes(field);
    } else if (field.tag() == unknown_type_meta) {
      for (pbf_reader meta = reader(read_bytes(field)); meta.next();) {
        const std::uint32_t number = meta.tag();  // which reading forgets in debug builds
        const std::string_view text = read_bytes(meta);
        if (number == type_meta_api_version) api_version = text;
        if (number == type_meta_kind) kind = text;
      }
    } else {
      field.skip();
    }
  }
  const MessageType* type = schema.find(kind);
  if (type == nullptr) return nullptr;
  Json document = Decoder(schema).message(*type, raw);
  document["apiVersion"] = api_version;
  document["kind"] = kind;
  return document;
}

}  // namespace

bool is_protobuf_object(std::string_view body) { return body.starts_with(protobuf_magic); }

std::optional<Json> read_protobuf_object(const Schema& schema, std::string_view body) {
  if (!is_protobuf_object(body)) return std::nullopt;
  try {
    Json document = read_object(schema, body.substr(protobuf_magic.size()));
    if (document.is_object()) return document;
  } catch (const protozero::exception&) {  // how the library says that the text is broken
  }
  return std::nullopt;
}

}  // namespace k8scale::apiserver
