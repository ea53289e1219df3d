#include "schema.h"

#include <fmt/format.h>

#include <charconv>

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
  static const std::map<std::string_view, FieldType> types = {
      {"string", FieldType::text},  {"bytes", FieldType::bytes}, {"bool", FieldType::boolean},
      {"int", FieldType::integer},  {"Time", FieldType::time},   {"IntOrString", FieldType::int_or_string},
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

std::string_view go_name(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_number()) return "number";
  if (value.is_boolean()) return "bool";
  return value.is_array() ? "array" : "object";
}

// Checks one document; `path` is where it stands, for messages.
class Conforming {
 public:
  Conforming(const Schema& schema, std::string_view kind, Schema::Findings& findings)
      : schema_(schema), kind_(kind), findings_(findings) {}

  bool message(const MessageType& type, Json& value, const std::string& path) {
    if (!value.is_object()) return mismatch(value, path, "struct");
    auto& members = value.get_ref<Json::object_t&>();
    for (auto each = members.begin(); each != members.end();) {
      const bool type_meta = path.empty() && (each->first == "kind" || each->first == "apiVersion");
      const FieldInfo* field = type.find(each->first);
      if (field == nullptr && !type_meta) findings_.unknown_fields.push_back(below(path, each->first));
      const bool dropped = each->second.is_null() || (field == nullptr && !type_meta);
      if (dropped) {
        each = members.erase(each);
        continue;
      }
      if (field != nullptr && !shaped(*field, each->second, below(path, each->first))) return false;
      ++each;
    }
    return true;
  }

 private:
  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "." + name;
  }

  bool mismatch(const Json& found, const std::string& path, std::string_view expected) {
    findings_.error = fmt::format("json: cannot unmarshal {} into Go struct field {}.{} of type {}",
                                  go_name(found), kind_, path, expected);
    return false;
  }

  bool shaped(const FieldInfo& field, Json& value, const std::string& path) {
    if (field.shape == Shape::single) return single(field, value, path);
    const bool fits = field.shape == Shape::map ? value.is_object() : value.is_array();
    if (!fits) return mismatch(value, path, field.shape == Shape::map ? "map[string]string" : "[]string");
    if (field.shape == Shape::map) {
      for (auto& [name, each] : value.get_ref<Json::object_t&>()) {
        if (each.is_null()) each = "";
        if (!single(field, each, path)) return false;
      }
      return true;
    }
    auto& elements = value.get_ref<Json::array_t&>();
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (!single(field, elements[i], fmt::format("{}[{}]", path, i))) return false;
    }
    return true;
  }

  bool single(const FieldInfo& field, Json& value, const std::string& path) {
    switch (field.type) {
      case FieldType::text:
        return value.is_string() || mismatch(value, path, "string");
      case FieldType::bytes:
        return base64(value, path);
      case FieldType::boolean:
        return value.is_boolean() || mismatch(value, path, "bool");
      case FieldType::integer:
        return value.is_number_integer() || mismatch(value, path, "int64");
      case FieldType::time:
        return time(value, path);
      case FieldType::int_or_string:
        return value.is_string() || value.is_number_integer() || mismatch(value, path, "int32");
      case FieldType::raw_json:
        return true;
      case FieldType::message:
        return message(*schema_.find(field.message), value, path);
    }
    return false;
  }

  bool base64(const Json& value, const std::string& path) {
    if (!value.is_string()) return mismatch(value, path, "[]uint8");
    const auto& text = value.get_ref<const std::string&>();
    if (base::base64_decode(text)) return true;
    const std::size_t at =
        text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    findings_.error = fmt::format("illegal base64 data at input byte {}", std::min(at, text.size()));
    return false;
  }

  bool time(const Json& value, const std::string& path) {
    if (!value.is_string()) return mismatch(value, path, "Time");
    if (base::parse_rfc3339(value.get_ref<const std::string&>())) return true;
    findings_.error = fmt::format("parsing time {} as \"2006-01-02T15:04:05Z07:00\": cannot parse",
                                  base::go_quote(value.get_ref<const std::string&>()));
    return false;
  }

  const Schema& schema_;
  std::string_view kind_;
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
  Conforming conforming(*this, name, findings);
  static_cast<void>(conforming.message(*find(name), value, ""));
  return findings;
}

}  // namespace k8scale::apiserver
