#include "k8scale/base/http_date.h"

#include "catch.h"

using namespace k8scale::base;

TEST_CASE("the Date field of HTTP is read") {
  CHECK(parse_http_date("Mon, 24 Nov 2025 16:04:05 GMT") == parse_rfc3339("2025-11-24T16:04:05Z"));
  CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == parse_rfc3339("1970-01-01T00:00:00Z"));
}

TEST_CASE("what is no Date field is none") {
  for (const char* text : {"", "Mon, 24 Nov 2025 16:04:05", "Mon, 24 Nov 2025 16:04:05 GMT+1",
                           "2025-11-24T16:04:05Z", "Mon, 24 Foo 2025 16:04:05 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text));
  }
}
