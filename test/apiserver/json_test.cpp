#include <cmath>

#include "apiserver/json_scan.h"
#include "apiserver/json_text.h"
#include "catch.h"
#include "k8scale/base/random.h"

namespace k8scale::apiserver {
namespace {

std::string parse_error(std::string_view text) { return parse_json(text).error; }

// Parsed and written again.
std::string again(std::string_view text) {
  const ParsedJson parsed = parse_json(text);
  return parsed.error.empty() ? to_text(parsed.value) : "error: " + parsed.error;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_CASE("JSON of every kind is read and written again") {
  for (const char* text : {"null", "true", "false", "0", "-1", "9223372036854775807", "\"\"", "[]", "{}",
                           R"({"a":[1,{"b":null},"c"],"d":{"e":{}}})", R"(["\"\\\n\r\t"])"}) {
    CHECK(again(text) == text);
  }
  CHECK(again(" {\r\n\t\"a\" : [ 1 , 2 ] } \n") == R"({"a":[1,2]})");
  CHECK(again(R"("\/\b\f")") == R"("/\u0008\u000c")");
  CHECK(again(R"({"b":1,"a":2})") == R"({"a":2,"b":1})");
}

TEST_CASE("numbers are written as Go writes them") {
  CHECK(again("1.0") == "1");
  CHECK(again("1e3") == "1000");
  CHECK(again("-0.5") == "-0.5");
  CHECK(again("0.1") == "0.1");
  CHECK(again("1e20") == "100000000000000000000");
  CHECK(again("1e21") == "1e+21");
  CHECK(again("1.5e-7") == "1.5e-7");
  CHECK(again("0.000001") == "0.000001");
  CHECK(again("1E-9") == "1e-9");
  CHECK(again("-0") == "0");
  CHECK(again("5e-324") == "5e-324");
}

TEST_CASE("whole numbers beyond 64 bits become floating point, and what no number holds is an error") {
  CHECK(parse_json("9223372036854775808").value.get<double>() == std::pow(2.0, 63));
  CHECK(parse_json("-9223372036854775808").value.get<std::int64_t>() == INT64_MIN);
  CHECK(parse_json(std::string(300, '9')).value.get<double>() == Approx(1e300));
  CHECK(parse_json("1e-400").value.get<double>() == 0);
  for (const std::string& huge : {std::string("1e400"), "-" + std::string(400, '9')}) {
    CHECK(parse_error(huge) == "json: cannot unmarshal number " + huge + " into Go value of type float64");
  }
}

TEST_CASE("what is not JSON is refused in Go's words") {
  CHECK(parse_error("") == "unexpected end of JSON input");
  CHECK(parse_error("  ") == "unexpected end of JSON input");
  CHECK(parse_error("{") == "unexpected end of JSON input");
  CHECK(parse_error(R"({"a")") == "unexpected end of JSON input");
  CHECK(parse_error(R"({"a":)") == "unexpected end of JSON input");
  CHECK(parse_error(R"({"a":1)") == "unexpected end of JSON input");
  CHECK(parse_error("[1,") == "unexpected end of JSON input");
  CHECK(parse_error("tru") == "unexpected end of JSON input");
  CHECK(parse_error("-") == "unexpected end of JSON input");
  CHECK(parse_error("1.") == "unexpected end of JSON input");
  CHECK(parse_error("1e+") == "unexpected end of JSON input");
  CHECK(parse_error(R"("abc)") == "unexpected end of JSON input");
  CHECK(parse_error(R"("\)") == "unexpected end of JSON input");
  CHECK(parse_error(R"("\u12)") == "unexpected end of JSON input");
  CHECK(parse_error("x") == "invalid character 'x' looking for beginning of value");
  CHECK(parse_error("'a'") == R"(invalid character '\'' looking for beginning of value)");
  CHECK(parse_error("{'a':1}") == R"(invalid character '\'' looking for beginning of object key string)");
  CHECK(parse_error("{1:1}") == "invalid character '1' looking for beginning of object key string");
  CHECK(parse_error(R"({"a":1,})") == "invalid character '}' looking for beginning of object key string");
  CHECK(parse_error("[1,]") == "invalid character ']' looking for beginning of value");
  CHECK(parse_error(R"({"a" 1})") == "invalid character '1' after object key");
  CHECK(parse_error(R"({"a":1 "b"})") == R"(invalid character '"' after object key:value pair)");
  CHECK(parse_error("[1 2]") == "invalid character '2' after array element");
  CHECK(parse_error("{}{}") == "invalid character '{' after top-level value");
  CHECK(parse_error("01") == "invalid character '1' after top-level value");
  CHECK(parse_error("[01]") == "invalid character '1' after array element");
  CHECK(parse_error("-a") == "invalid character 'a' in numeric literal");
  CHECK(parse_error("1.a") == "invalid character 'a' after decimal point in numeric literal");
  CHECK(parse_error("1ea") == "invalid character 'a' in exponent of numeric literal");
  CHECK(parse_error("trux") == "invalid character 'x' in literal true (expecting 'e')");
  CHECK(parse_error(R"("\x")") == "invalid character 'x' in string escape code");
  CHECK(parse_error(R"("\u12g4")") == R"(invalid character 'g' in \u hexadecimal character escape)");
  CHECK(parse_error(R"("\u+123")") == R"(invalid character '+' in \u hexadecimal character escape)");
  CHECK(parse_error("\"a\nb\"") == R"(invalid character '\n' in string literal)");
  CHECK(parse_error(std::string_view("\0", 1)) ==
        R"(invalid character '\x00' looking for beginning of value)");
  CHECK(parse_error("\xEF\xBB\xBF{}") == "invalid character '\u00EF' looking for beginning of value");
}

TEST_CASE("deep nesting is read to a limit and refused beyond it") {
  CHECK(parse_error(nested(500)).empty());
  CHECK(parse_error(nested(100'000)) == "exceeded max depth");
  CHECK(parse_error(std::string(3'000'000, '[')) == "exceeded max depth");
}

TEST_CASE("keys that come twice are named with their path, and the last one counts") {
  const ParsedJson parsed =
      parse_json(R"({"a":1,"a":2,"b":[{"c":1,"c":2}],"d":{"e":1,"e":{"f":1},"e":3},"g":{"a":1}})");
  CHECK(parsed.error.empty());
  CHECK(parsed.duplicate_fields == std::vector<std::string>{"a", "b[0].c", "d.e"});
  CHECK(to_text(parsed.value) == R"({"a":2,"b":[{"c":2}],"d":{"e":3},"g":{"a":1}})");
}

TEST_CASE("a string is always valid UTF-8 in the end") {
  const std::string bad = "\xEF\xBF\xBD";
  const auto read = [](std::string_view inner) {
    return parse_json("\"" + std::string(inner) + "\"").value.get<std::string>();
  };
  CHECK(read("\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80") == "ä € 😀");
  CHECK(read("a\xFFz") == "a" + bad + "z");
  CHECK(read("\xC3") == bad);
  CHECK(read("\xC0\xAF") == bad + bad);            // overlong
  CHECK(read("\xED\xA0\x80") == bad + bad + bad);  // a surrogate
  CHECK(read("\xF4\x90\x80\x80") == bad + bad + bad + bad);
  CHECK(read(R"(\u00e4\u20AC\ud83d\ude00)") == "ä€😀");
  CHECK(read(R"(\ud83dx)") == bad + "x");
  CHECK(read(R"(\ud83d\u0041)") == bad + "A");
  CHECK(read(R"(\ude00)") == bad);
  CHECK(read(R"(\ud83d\ud83d\ude00)") == bad + "😀");
  CHECK(read(R"(\u0000)") == std::string(1, '\0'));
  CHECK(to_text(Json("a\xFFz")) == "\"a\\ufffdz\"");
  CHECK(to_text(Json(std::string("\0\x1f", 2))) == R"("\u0000\u001f")");
}

TEST_CASE("plain runs end at what needs care, wherever it stands") {
  for (const char special : {'"', '\\', '\n', '\x1f', '\x80', '\xFF', '\0'}) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'x');
      text[at] = special;
      CHECK(plain_run(text, 0) == at);
      CHECK(plain_run(text, at) == 0);
    }
  }
  CHECK(plain_run(std::string(17, '\x7f'), 0) == 17);
  CHECK(plain_run(" ~", 0) == 2);
}

TEST_CASE("broken JSON is refused or read as the same value as the whole, never more") {
  const std::string whole = R"({"a":["\u00e4",-1.5e3,true,null,{"b":"c\n"}],"d":{"e":"ä"}})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK_FALSE(parse_error(whole.substr(0, length)).empty());
  }
  base::Random random(7, "mutations");
  for (int i = 0; i < 20'000; ++i) {
    std::string text = whole;
    for (std::uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    const ParsedJson parsed = parse_json(text);
    if (!parsed.error.empty()) continue;
    const std::string written = to_text(parsed.value);
    CHECK(again(written) == written);
    CHECK(Json::accept(written));
  }
}

}  // namespace k8scale::apiserver
