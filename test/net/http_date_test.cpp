#include "k8scale/net/http_date.h"

#include "catch.h"

namespace base = k8scale::base;
namespace net = k8scale::net;

TEST_CASE("a Date field is a moment") {
  CHECK(net::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == base::parse_rfc3339("1994-11-06T08:49:37Z"));
  CHECK(net::parse_http_date("Thu, 31 Dec 2026 23:59:59 GMT") == base::parse_rfc3339("2026-12-31T23:59:59Z"));
}

TEST_CASE("what is no Date field is no moment") {
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37 UTC", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT ", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06-Nov-1994 08:49:37 GMT"}) {
    INFO(text);
    CHECK_FALSE(net::parse_http_date(text).has_value());
  }
}
