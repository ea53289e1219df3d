#include "protobuf.h"

#include <functional>

#include "k8scale/base/text.h"
#include "k8scale/base/time.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view magic("k8s\0", 4);

// A field on the wire: https://protobuf.dev/programming-guides/encoding
struct WireField {
  std::uint32_t number = 0;
  std::uint64_t integer = 0;  ///< of a varint
  std::string_view bytes;     ///< of a length-delimited field
};

bool take_varint(std::string_view& text, std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !text.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool take_field(std::string_view& text, WireField& field) {
  std::uint64_t tag = 0, length = 0;
  if (!take_varint(text, tag)) return false;
  field = {static_cast<std::uint32_t>(tag >> 3), 0, {}};
  switch (tag & 7) {
    case 0:
      return take_varint(text, field.integer);
    case 1:
    case 5:
      length = (tag & 7) == 1 ? 8 : 4;
      break;
    case 2:
      if (!take_varint(text, length)) return false;
      break;
    default:
      return false;
  }
  if (length > text.size()) return false;
  field.bytes = text.substr(0, length);
  text.remove_prefix(length);
  return true;
}

bool each_field(std::string_view text, const std::function<bool(const WireField&)>& use) {
  WireField field;
  while (!text.empty()) {
    if (!take_field(text, field) || !use(field)) return false;
  }
  return true;
}

Json read_time(std::string_view text) {
  std::int64_t seconds = 0, nanoseconds = 0;
  const bool whole = each_field(text, [&](const WireField& field) {
    (field.number == 1 ? seconds : nanoseconds) = static_cast<std::int64_t>(field.integer);
    return true;
  });
  if (!whole || text.empty()) return nullptr;
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
  each_field(text, [&](const WireField& field) {
    if (field.number == 1) is_text = field.integer == 1;
    if (field.number == 2) integer = static_cast<std::int32_t>(field.integer);
    if (field.number == 3) words = field.bytes;
    return true;
  });
  return is_text ? words : integer;
}

Json read_raw_json(std::string_view text) {
  Json value;
  each_field(text, [&](const WireField& field) {
    if (field.number == 1) value = parse_json(field.bytes).value;
    return true;
  });
  return value;
}

class Decoder {
 public:
  explicit Decoder(const Schema& schema) : schema_(schema) {}

  bool message(const MessageType& type, std::string_view text, Json& out) {
    out = Json::object();
    return each_field(text, [&](const WireField& wire) {
      const FieldInfo* field = type.find(wire.number);
      return field == nullptr || add(*field, wire, out);
    });
  }

 private:
  bool add(const FieldInfo& field, const WireField& wire, Json& out) {
    if (field.shape == Shape::map) return add_entry(field, wire.bytes, out[field.name]);
    Json value;
    if (!single(field, wire, value)) return false;
    if (field.shape == Shape::repeated) {
      out[field.name].push_back(std::move(value));
    } else if (field.keeps_zero || !is_zero(field, value)) {
      out[field.name] = std::move(value);
    }
    return true;
  }

  // Go writes what is absent as empty or zero.
  static bool is_zero(const FieldInfo& field, const Json& value) {
    if (field.type == FieldType::message) return value.empty();
    if (value.is_string()) return value.get_ref<const std::string&>().empty();
    return value.is_null() || value == 0 || value == false;
  }

  bool add_entry(const FieldInfo& field, std::string_view text, Json& map) {
    std::string key;
    Json value = "";
    const bool whole = each_field(text, [&](const WireField& wire) {
      if (wire.number == 1) key = wire.bytes;
      return wire.number != 2 || single(field, wire, value);
    });
    map[key] = std::move(value);
    return whole;
  }

  bool single(const FieldInfo& field, const WireField& wire, Json& value) {
    switch (field.type) {
      case FieldType::text:
        value = wire.bytes;
        return true;
      case FieldType::bytes:
        value = base::base64_encode(wire.bytes);
        return true;
      case FieldType::boolean:
        value = wire.integer != 0;
        return true;
      case FieldType::integer:
        value = static_cast<std::int64_t>(wire.integer);
        return true;
      case FieldType::time:
        value = read_time(wire.bytes);
        return true;
      case FieldType::int_or_string:
        value = read_int_or_string(wire.bytes);
        return true;
      case FieldType::raw_json:
        value = read_raw_json(wire.bytes);
        return true;
      case FieldType::message:
        return ++depth_ < 50 && message(*schema_.find(field.message), wire.bytes, value) && depth_-- > 0;
    }
    return false;
  }

  const Schema& schema_;
  int depth_ = 0;
};

}  // namespace

bool is_protobuf_object(std::string_view body) { return body.starts_with(magic); }

std::optional<Json> read_protobuf_object(const Schema& schema, std::string_view body) {
  if (!is_protobuf_object(body)) return std::nullopt;
  std::string_view type_meta, raw;
  std::string api_version, kind;
  const bool whole = each_field(body.substr(magic.size()), [&](const WireField& field) {
    if (field.number == 1) type_meta = field.bytes;
    if (field.number == 2) raw = field.bytes;
    return true;
  });
  const bool typed = each_field(type_meta, [&](const WireField& field) {
    if (field.number == 1) api_version = field.bytes;
    if (field.number == 2) kind = field.bytes;
    return true;
  });
  const MessageType* type = schema.find(kind);
  if (!whole || !typed || type == nullptr) return std::nullopt;
  Json document;
  if (!Decoder(schema).message(*type, raw, document)) return std::nullopt;
  document["apiVersion"] = api_version;
  document["kind"] = kind;
  return document;
}

}  // namespace k8scale::apiserver
