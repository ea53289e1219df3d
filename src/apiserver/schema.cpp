#include "schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "k8scale/base/text.h"
#include "k8scale/base/time.h"
#include "schema_text.h"

namespace k8scale::apiserver {
namespace {

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

FieldType scalar_type(std::string_view name) {
  static const std::map<std::string_view, FieldType> types = {{"string", FieldType::text},
                                                              {"bytes", FieldType::bytes},
                                                              {"bool", FieldType::boolean},
                                                              {"int", FieldType::integer},
                                                              {"int32", FieldType::integer},
                                                              {"Time", FieldType::time},
                                                              {"IntOrString", FieldType::int_or_string},
                                                              {"json", FieldType::raw_json}};
  const auto found = types.find(name);
  return found == types.end() ? FieldType::message : found->second;
}

// "11 labels map<string>"
FieldInfo read_field(std::string_view text) {
  const std::vector<std::string> words = base::split(base::trim(text), ' ');
  FieldInfo field;
  std::from_chars(words[0].data(), words[0].data() + words[0].size(), field.number);
  field.name = words[1];
  std::string_view type = words[2];
  field.keeps_zero = take_suffix(type, "?");
  if (take_suffix(type, "[]")) field.shape = Shape::repeated;
  if (type.starts_with("map<")) {
    field.shape = Shape::map;
    type = type.substr(4, type.size() - 5);
  }
  field.type = scalar_type(type);
  field.is_32_bits = type == "int32";
  if (field.type == FieldType::message) field.message = type;
  return field;
}

MessageType read_message(std::string_view fields) {
  MessageType message;
  for (const std::string& each : base::split(fields, ',')) {
    if (!base::trim(each).empty()) message.fields.push_back(read_field(each));
  }
  return message;
}

// Checks one document. `path` is where a value stands and `owner` the Go type whose field it is, for
// messages.
class Conforming {
 public:
  Conforming(const Schema& schema, Schema::Findings& findings) : schema_(schema), findings_(findings) {}

  bool message(std::string_view type_name, Json& value, const std::string& path, std::string_view owner) {
    if (!value.is_object()) return mismatch(value, path, owner, fmt::format("v1.{}", type_name));
    const MessageType& type = *schema_.find(type_name);
    auto& members = value.get_ref<Json::object_t&>();
    for (auto each = members.begin(); each != members.end();) {
      const bool type_meta = path.empty() && (each->first == "kind" || each->first == "apiVersion");
      const FieldInfo* field = type.find(each->first);
      const std::string at = below(path, each->first);
      if (field == nullptr && !type_meta) findings_.unknown_fields.push_back(at);
      const bool known = field != nullptr && !each->second.is_null();
      if (known && !shaped(*field, each->second, at, type_name)) return false;
      const bool kept =
          known ? !is_left_out(*field, type_name, each->second) : type_meta && !each->second.is_null();
      each = kept ? std::next(each) : members.erase(each);
    }
    return true;
  }

 private:
  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  // Go leaves out empty lists and maps, and all that is empty in metadata.
  static bool is_left_out(const FieldInfo& field, std::string_view type_name, const Json& value) {
    if (field.shape != Shape::single) return value.empty();
    if (type_name != "ObjectMeta" || field.keeps_zero) return false;
    return value.is_string() ? value.get_ref<const std::string&>().empty() : value == 0;
  }

  bool mismatch(const Json& found, const std::string& path, std::string_view owner,
                std::string_view expected) {
    const bool shows_number = found.is_number() && expected.starts_with("int");
    findings_.error =
        fmt::format("json: cannot unmarshal {}{} into Go struct field {}.{} of type {}", go_type(found),
                    shows_number ? " " + to_text(found) : "", owner, path, expected);
    return false;
  }

  bool shaped(const FieldInfo& field, Json& value, const std::string& path, std::string_view owner) {
    if (field.shape == Shape::single) return single(field, value, path, owner);
    const bool is_map = field.shape == Shape::map;
    if (!(is_map ? value.is_object() : value.is_array())) {
      const std::string element = field.type == FieldType::bytes     ? "[]uint8"
                                  : field.type == FieldType::message ? "v1." + field.message
                                                                     : "string";
      return mismatch(value, path, owner, (is_map ? "map[string]" : "[]") + element);
    }
    if (is_map) {
      for (auto& [name, each] : value.get_ref<Json::object_t&>()) {
        if (each.is_null()) each = "";
        if (!single(field, each, path, owner)) return false;
      }
      return true;
    }
    auto& elements = value.get_ref<Json::array_t&>();
    return std::all_of(elements.begin(), elements.end(),
                       [&](Json& each) { return single(field, each, path, owner); });
  }

  bool single(const FieldInfo& field, Json& value, const std::string& path, std::string_view owner) {
    switch (field.type) {
      case FieldType::text:
        return value.is_string() || mismatch(value, path, owner, "string");
      case FieldType::bytes:
        return base64(value, path, owner);
      case FieldType::boolean:
        return value.is_boolean() || mismatch(value, path, owner, "bool");
      case FieldType::integer:
        if (field.is_32_bits) return is_32_bits(value) || mismatch(value, path, owner, "int32");
        return value.is_number_integer() || mismatch(value, path, owner, "int64");
      case FieldType::time:
        return time(value, path, owner);
      case FieldType::int_or_string:
        return value.is_string() || is_32_bits(value) || mismatch(value, path, owner, "int32");
      case FieldType::raw_json:
        return true;
      case FieldType::message:
        return message(field.message, value, path, owner);
    }
    return false;
  }

  static bool is_32_bits(const Json& value) {
    return value.is_number_integer() && value >= INT32_MIN && value <= INT32_MAX;
  }

  bool base64(const Json& value, const std::string& path, std::string_view owner) {
    if (!value.is_string()) return mismatch(value, path, owner, "[]uint8");
    const auto& text = value.get_ref<const std::string&>();
    if (base::base64_decode(text)) return true;
    const std::size_t at =
        text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    findings_.error = fmt::format("illegal base64 data at input byte {}", std::min(at, text.size()));
    return false;
  }

  bool time(const Json& value, const std::string& path, std::string_view owner) {
    if (!value.is_string()) return mismatch(value, path, owner, "string");
    if (base::parse_rfc3339(value.get_ref<const std::string&>())) return true;
    const std::string text = base::go_quote(value.get_ref<const std::string&>());
    findings_.error =
        fmt::format("parsing time {0} as \"2006-01-02T15:04:05Z07:00\": cannot parse {0} as \"2006\"", text);
    return false;
  }

  const Schema& schema_;
  Schema::Findings& findings_;
};

}  // namespace

const FieldInfo* MessageType::find(std::string_view name) const {
  for (const FieldInfo& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const FieldInfo* MessageType::find(std::uint32_t number) const {
  for (const FieldInfo& field : fields) {
    if (field.number == number) return &field;
  }
  return nullptr;
}

Schema::Schema() {
  for (const std::string& line : base::split(schema_text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos) types_[line.substr(0, colon)] = read_message(line.substr(colon + 1));
  }
}

const MessageType* Schema::find(std::string_view name) const {
  const auto found = types_.find(name);
  return found == types_.end() ? nullptr : &found->second;
}

Schema::Findings Schema::conform(std::string_view name, Json& value) const {
  Findings findings;
  static_cast<void>(Conforming(*this, findings).message(name, value, "", name));
  return findings;
}

}  // namespace k8scale::apiserver
