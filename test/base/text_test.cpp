#include "k8scale/base/text.h"

#include "catch.h"

using namespace k8scale::base;

TEST_CASE("go_quote writes what Go's %q writes") {
  CHECK(go_quote("") == R"("")");
  CHECK(go_quote("plain text") == R"("plain text")");
  CHECK(go_quote("a\"b\\c\n\t\r\a") == R"("a\"b\\c\n\t\r\a")");
  CHECK(go_quote(std::string_view("\0\x7f\xff", 3)) == R"("\x00\x7f\xff")");
  CHECK(go_quote("käse 日本 😀") == "\"käse 日本 😀\"");
  CHECK(go_quote("\u00a0\u200b\ufeff") == R"("\u00a0\u200b\ufeff")");
  CHECK(go_quote("\xe2\x82") == R"("\xe2\x82")");
  CHECK(go_quote("\xc0\x80") == R"("\xc0\x80")");
}

TEST_CASE("shell_quote keeps a POSIX shell from reading anything into the text") {
  CHECK(shell_quote("a $HOME `x` \"q\" \\") == R"("a \$HOME \`x\` \"q\" \\")");
}

TEST_CASE("base64 goes both ways and refuses what is not base64") {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    CHECK(base64_decode(base64_encode(text)) == text);
  }
  CHECK(base64_encode("foob") == "Zm9vYg==");
  CHECK(base64_decode("Zm9v\n YmFy\n") == "foobar");
  CHECK_FALSE(base64_decode("Zm9"));
  CHECK_FALSE(base64_decode("Zm9*"));
  CHECK_FALSE(base64_decode("Z==="));
  CHECK_FALSE(base64_decode("Zg==Zg=="));
}

TEST_CASE("percent encoding goes both ways and refuses a bad escape") {
  CHECK(percent_encode("a b/c=1&d~") == "a%20b%2Fc%3D1%26d~");
  CHECK(percent_decode("a%20b+c%2f") == "a b c/");
  CHECK_FALSE(percent_decode("%2"));
  CHECK_FALSE(percent_decode("%zz"));
}

TEST_CASE("split, trim, lower and comparison without case") {
  CHECK(split("a,,b", ',') == std::vector<std::string>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string>{""});
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("  ").empty());
  CHECK(lower("Content-TYPE") == "content-type");
  CHECK(equals_ignoring_case("Retry-After", "retry-after"));
  CHECK_FALSE(equals_ignoring_case("a", "ab"));
}

TEST_CASE("format_bytes shows three digits and a decimal unit") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(999) == "999 B");
  CHECK(format_bytes(3200) == "3.20 kB");
  CHECK(format_bytes(45.6e6) == "45.6 MB");
  CHECK(format_bytes(999.9e6) == "1.00 GB");
}
