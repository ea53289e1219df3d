#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace k8scale::apiserver {

/// Keys are sorted, as Go writes maps.
using Json = nlohmann::json;

struct ParsedJson {
  Json value;
  std::vector<std::string> duplicate_fields;  ///< "data.a": keys that came twice; the last one counts
  std::string error;                          ///< not empty: the text is not JSON, in Go's words
};

/// RFC 8259. Reads a long string many bytes at a time, which makes a 2 KB ConfigMap ten times as cheap as
/// with Json::parse. Invalid UTF-8 becomes U+FFFD; nesting deeper than 500 and numbers
/// beyond a double are errors.
[[nodiscard]] ParsedJson parse_json(std::string_view text);

/// Compact JSON, always valid UTF-8.
void append_json(std::string& out, const Json& value);
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string to_text(const Json& value);

/// What Go's errors call a value: "string", "number", "bool", "array", "object".
[[nodiscard]] std::string_view go_type(const Json& value);

/// The member, or null. Never fails, whatever `value` is.
[[nodiscard]] const Json& member(const Json& value, std::string_view name);
/// The members of an object; none when `value` is something else.
[[nodiscard]] const Json::object_t& members(const Json& value);
/// The string at that member, or "".
[[nodiscard]] std::string_view text_member(const Json& value, std::string_view name);

}  // namespace k8scale::apiserver
