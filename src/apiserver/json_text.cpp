#include "json_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "json_scan.h"

namespace k8scale::apiserver {
namespace {

void append_object(std::string& out, const Json& value) {
  out += '{';
  const char* separator = "";
  for (const auto& [name, member] : value.get_ref<const Json::object_t&>()) {
    out += separator;
    append_json_string(out, name);
    out += ':';
    append_json(out, member);
    separator = ",";
  }
  out += '}';
}

void append_array(std::string& out, const Json& value) {
  out += '[';
  const char* separator = "";
  for (const Json& element : value) {
    out += separator;
    append_json(out, element);
    separator = ",";
  }
  out += ']';
}

// As Go writes a float64: like ECMAScript, but for "e-09", which becomes "e-9".
void append_real(std::string& out, double value) {
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e21);
  std::array<char, 40> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value,
                                          plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string_view written(text.data(), static_cast<std::size_t>(end - text.data()));
  const std::size_t padded = written.find("e-0");
  if (padded == std::string_view::npos) {
    out += written;
  } else {
    out.append(written, 0, padded + 2).append(written, padded + 3);
  }
}

void append_escaped(std::string& out, unsigned char byte) {
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      static constexpr char digits[] = "0123456789abcdef";
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t run = plain_run(text, at);
    out.append(text, at, run);
    at += run;
    if (at >= text.size()) break;
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      append_escaped(out, static_cast<unsigned char>(text[at++]));
    } else if (const std::size_t length = utf8_length(text, at); length > 0) {
      out.append(text, at, length);
      at += length;
    } else {
      out += "\\ufffd";
      ++at;
    }
  }
  out += '"';
}

void append_json(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return append_object(out, value);
    case Json::value_t::array:
      return append_array(out, value);
    case Json::value_t::string:
      return append_json_string(out, value.get_ref<const std::string&>());
    case Json::value_t::number_float:
      return append_real(out, value.get<double>());
    default:
      out += value.dump();
  }
}

std::string to_text(const Json& value) {
  std::string out;
  append_json(out, value);
  return out;
}

std::string_view go_type(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_number()) return "number";
  if (value.is_boolean()) return "bool";
  return value.is_array() ? "array" : "object";
}

const Json& member(const Json& value, std::string_view name) {
  static const Json none;
  if (!value.is_object()) return none;
  const auto found = value.find(name);
  return found == value.end() ? none : *found;
}

const Json::object_t& members(const Json& value) {
  static const Json::object_t none;
  return value.is_object() ? value.get_ref<const Json::object_t&>() : none;
}

std::string_view text_member(const Json& value, std::string_view name) {
  const Json& found = member(value, name);
  return found.is_string() ? std::string_view(found.get_ref<const std::string&>()) : std::string_view();
}

}  // namespace k8scale::apiserver
