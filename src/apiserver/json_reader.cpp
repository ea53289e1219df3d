#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "json_scan.h"
#include "json_text.h"
#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

constexpr int deepest = 500;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  ParsedJson read() {
    ParsedJson parsed;
    skip_blanks();
    if (value(parsed.value, 0)) {
      skip_blanks();
      if (at_ < text_.size()) fail("after top-level value");
    }
    parsed.duplicate_fields = std::move(duplicates_);
    parsed.error = std::move(error_);
    return parsed;
  }

 private:
  bool fail(std::string_view where) {
    if (!error_.empty()) return false;
    if (at_ >= text_.size()) {
      error_ = "unexpected end of JSON input";
    } else {
      error_ = "invalid character " + quoted(text_[at_]);
      error_ += ' ';
      error_ += where;
    }
    return false;
  }

  // As Go's scanner shows a byte, which it takes for a code point.
  static std::string quoted(char found) {
    if (found == '\'') return "'\\''";
    if (found == '"') return "'\"'";
    std::string letter;
    append_utf8(letter, static_cast<unsigned char>(found));
    std::string text = base::go_quote(letter);
    text.front() = text.back() = '\'';
    return text;
  }

  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool value(Json& out, int depth) {
    if (depth > deepest) {
      error_ = "exceeded max depth";
      return false;
    }
    switch (peek()) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"':
        out = Json::string_t();
        return string(out.get_ref<std::string&>());
      case 't':
        return word("true", out, true);
      case 'f':
        return word("false", out, false);
      case 'n':
        return word("null", out, nullptr);
      default:
        return number(out);
    }
  }

  bool word(std::string_view expected, Json& out, Json literal) {
    for (const char letter : expected) {
      if (peek() != letter || at_ >= text_.size()) {
        return fail("in literal " + std::string(expected) + " (expecting '" + letter + "')");
      }
      ++at_;
    }
    out = std::move(literal);
    return true;
  }

  bool object(Json& out, int depth) {
    out = Json::object();
    ++at_;
    skip_blanks();
    if (peek() == '}') return ++at_, true;
    while (true) {
      if (peek() != '"') return fail("looking for beginning of object key string");
      std::string key;
      if (!string(key)) return false;
      skip_blanks();
      if (peek() != ':') return fail("after object key");
      ++at_;
      skip_blanks();
      const std::size_t outer = path_.size();
      if (depth > 0) path_ += '.';
      path_ += key;
      auto& members = out.get_ref<Json::object_t&>();
      const auto [place, fresh] = members.try_emplace(std::move(key));
      if (!fresh) add_duplicate();
      if (!value(place->second, depth + 1)) return false;
      path_.resize(outer);
      skip_blanks();
      if (peek() == '}') return ++at_, true;
      if (peek() != ',') return fail("after object key:value pair");
      ++at_;
      skip_blanks();
    }
  }

  void add_duplicate() {
    constexpr std::size_t most = 100;
    const bool known = std::find(duplicates_.begin(), duplicates_.end(), path_) != duplicates_.end();
    if (!known && duplicates_.size() < most) duplicates_.push_back(path_);
  }

  bool array(Json& out, int depth) {
    out = Json::array();
    ++at_;
    skip_blanks();
    if (peek() == ']') return ++at_, true;
    auto& elements = out.get_ref<Json::array_t&>();
    while (true) {
      const std::size_t outer = path_.size();
      path_ += '[' + std::to_string(elements.size()) + ']';
      if (!value(elements.emplace_back(), depth + 1)) return false;
      path_.resize(outer);
      skip_blanks();
      if (peek() == ']') return ++at_, true;
      if (peek() != ',') return fail("after array element");
      ++at_;
      skip_blanks();
    }
  }

  bool string(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const std::size_t run = plain_run(text_, at_);
      out.append(text_, at_, run);
      at_ += run;
      if (at_ >= text_.size()) break;
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') return ++at_, true;
      if (byte == '\\') {
        if (!escape(out)) return false;
      } else if (byte < 0x20) {
        return fail("in string literal");
      } else {
        append_multibyte(out);
      }
    }
    return fail("in string literal");
  }

  void append_multibyte(std::string& out) {
    const std::size_t length = utf8_length(text_, at_);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      ++at_;
    } else {
      out.append(text_, at_, length);
      at_ += length;
    }
  }

  bool escape(std::string& out) {
    static constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (peek() == 'u') return unicode_escape(out);
    const std::size_t which = at_ < text_.size() ? letters.find(text_[at_]) : std::string_view::npos;
    if (which == std::string_view::npos) return fail("in string escape code");
    out += meanings[which];
    ++at_;
    return true;
  }

  bool four_digits(std::uint32_t& code) {
    ++at_;
    if (at_ + 4 > text_.size()) return at_ = text_.size(), fail("");
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, begin + 4, code, 16);
    if (error != std::errc() || end != begin + 4) {
      return at_ += static_cast<std::size_t>(end - begin), fail("in \\u hexadecimal character escape");
    }
    at_ += 4;
    return true;
  }

  bool unicode_escape(std::string& out) {
    std::uint32_t code = 0;
    if (!four_digits(code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const std::size_t here = at_;
      std::uint32_t low = 0;
      ++at_;
      if (!four_digits(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = here;
      }
    }
    append_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
    return true;
  }

  bool number(Json& out) {
    const std::size_t begin = at_;
    bool whole = true;
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else if (!digits()) {
      return begin == at_ ? fail("looking for beginning of value") : fail("in numeric literal");
    }
    if (peek() == '.') {
      whole = false;
      ++at_;
      if (!digits()) return fail("after decimal point in numeric literal");
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (!digits()) return fail("in exponent of numeric literal");
    }
    return to_number(text_.substr(begin, at_ - begin), whole, out);
  }

  bool digits() {
    const std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > begin;
  }

  bool to_number(std::string_view text, bool whole, Json& out) {
    const char* const end = text.data() + text.size();
    std::int64_t integer = 0;
    if (whole && std::from_chars(text.data(), end, integer).ec == std::errc()) {
      out = integer;
      return true;
    }
    double real = 0;
    std::from_chars(text.data(), end, real);
    // Of what no double holds, from_chars does not tell the tiny from the huge.
    if (real == 0) real = std::strtod(std::string(text).c_str(), nullptr);
    if (!std::isfinite(real)) {
      error_ = fmt::format("json: cannot unmarshal number {} into Go value of type float64", text);
      return false;
    }
    out = real;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string path_;
  std::vector<std::string> duplicates_;
  std::string error_;
};

}  // namespace

ParsedJson parse_json(std::string_view text) { return Reader(text).read(); }

}  // namespace k8scale::apiserver
