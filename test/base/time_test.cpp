#include "k8scale/base/time.h"

#include <cstdlib>

#include "catch.h"

using namespace k8scale::base;
using namespace std::chrono_literals;

namespace {
const WallTime moment = WallTime(1764000245123ms);  // 2025-11-24T16:04:05.123Z
}

TEST_CASE("times are written in UTC with milliseconds") {
  CHECK(format_utc_millis(moment) == "2025-11-24 16:04:05.123");
  CHECK(format_utc_millis(WallTime(0ms)) == "1970-01-01 00:00:00.000");
  CHECK(format_rfc3339(moment) == "2025-11-24T16:04:05Z");
}

TEST_CASE("local times carry the zone's offset") {
  ::setenv("TZ", "XST-05:30", 1);
  ::tzset();
  CHECK(format_local_millis(moment) == "2025-11-24 21:34:05.123 +0530");
  ::setenv("TZ", "EST5", 1);
  ::tzset();
  CHECK(format_local_millis(moment) == "2025-11-24 11:04:05.123 -0500");
  ::unsetenv("TZ");
  ::tzset();
}

TEST_CASE("RFC 3339 is read with fraction and zone, and refused otherwise") {
  CHECK(parse_rfc3339("2025-11-24T16:04:05.123Z") == moment);
  CHECK(parse_rfc3339("2025-11-24T17:34:05.123456789+01:30") == WallTime(moment + 456us + 789ns));
  CHECK(parse_rfc3339("2025-11-24T16:04:05Z") == WallTime(moment - 123ms));
  CHECK(parse_rfc3339("9999-12-31T23:59:59Z") == WallTime::max());
  CHECK(parse_rfc3339("0001-01-01T00:00:00Z") == WallTime::min());
  for (const char* bad :
       {"", "2025-11-24", "2025-13-24T16:04:05Z", "2025-02-30T16:04:05Z", "2025-11-24T25:04:05Z",
        "2025-11-24T16:04:05", "2025-11-24T16:04:05.Z", "2025-11-24T16:04:05Zx"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad));
  }
}

TEST_CASE("times with a zone are read as they were written, and refused otherwise") {
  CHECK(parse_zoned_millis("2025-11-24 21:34:05.123 +0530") == moment);
  CHECK(parse_zoned_millis("2025-11-24 11:04:05.123 -0500") == moment);
  CHECK(parse_zoned_millis(format_local_millis(moment)) == moment);
  for (const char* bad : {"", "2025-11-24 21:34:05.123", "2025-11-24T21:34:05.123 +0530",
                          "2025-11-24 21:34:05 +0530", "2025-11-24 21:34:05.123 +05:30",
                          "2025-11-24 21:34:05.123 +0530x", "2025-11-24 24:34:05.123 +0530"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_zoned_millis(bad));
  }
}

TEST_CASE("Go durations are read") {
  CHECK(parse_duration("300ms") == 300ms);
  CHECK(parse_duration("1.5h") == 90min);
  CHECK(parse_duration("1m30s") == 90s);
  CHECK(parse_duration("0") == 0ns);
  CHECK(parse_duration("-2us") == -2us);
  CHECK(parse_duration("7µs") == 7us);
  for (const char* bad : {"", "5", "s", "1x", "1 s", "1e400s", "-", "nans"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
}

TEST_CASE("durations are shown with three digits") {
  CHECK(format_duration(812ns) == "812ns");
  CHECK(format_duration(43100ns) == "43.1µs");
  CHECK(format_duration(2350us) == "2.35ms");
  CHECK(format_duration(999900us) == "1.00s");
  CHECK(format_duration(1200ms) == "1.20s");
  CHECK(format_duration(-5ms) == "-5.00ms");
  CHECK(from_seconds(to_seconds(1234567ns)) == 1234567ns);
}
