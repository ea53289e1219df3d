#include "k8scale/measure/histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.h"
#include "k8scale/base/random.h"
#include "k8scale/base/text.h"

namespace k8scale::measure {
namespace {

using namespace std::chrono_literals;

// Durations over all magnitudes from 1 ns to 1 h, each magnitude as likely as any other.
std::vector<base::Nanoseconds> durations(std::size_t count, std::string_view purpose) {
  base::Random random(7, purpose);
  std::vector<base::Nanoseconds> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.emplace_back(std::llround(std::exp(random.uniform() * std::log(3.6e12))));
  }
  return made;
}

TEST_CASE("quantiles are at most 0.1 % above the true ones and never below") {
  auto values = durations(20001, "values");
  Histogram histogram;
  for (const auto value : values) histogram.record(value);
  std::sort(values.begin(), values.end());
  for (int i = 0; i <= 1000; ++i) {
    const auto rank = std::max<std::size_t>(1, static_cast<std::size_t>((i * values.size() + 999) / 1000));
    const auto truth = values[rank - 1];
    const auto found = histogram.quantile(i / 1000.0);
    CAPTURE(i, truth.count(), found.count());
    CHECK(found >= truth);
    CHECK(static_cast<double>(found.count()) <= static_cast<double>(truth.count()) * 1.001);
  }
}

TEST_CASE("min, max, mean and count are exact") {
  Histogram histogram;
  histogram.record(1234567ns);
  histogram.record(7654321ns, 3);
  CHECK(histogram.count() == 4);
  CHECK(histogram.min() == 1234567ns);
  CHECK(histogram.max() == 7654321ns);
  CHECK(histogram.mean() == 6049383ns);  // the nearest to 24197530 / 4
  CHECK(histogram.sum_seconds() == Approx(0.02419753));
  CHECK(histogram.quantile(0) == histogram.min());
  CHECK(histogram.quantile(1) == histogram.max());
}

TEST_CASE("an empty histogram has zero for every figure") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.min() == 0ns);
  CHECK(histogram.max() == 0ns);
  CHECK(histogram.mean() == 0ns);
  CHECK(histogram.quantile(0.99) == 0ns);
  CHECK(histogram.count_at_or_below(1h) == 0);
}

TEST_CASE("negative durations count as 0, those over an hour as an hour") {
  Histogram histogram;
  histogram.record(-5ms);
  histogram.record(base::Nanoseconds::min());
  histogram.record(2h);
  histogram.record(base::Nanoseconds::max());
  CHECK(histogram.min() == 0ns);
  CHECK(histogram.max() == 1h);
  CHECK(histogram.quantile(0.5) == 0ns);
  CHECK(histogram.count() == 4);
}

TEST_CASE("a quantile of few values is one of them") {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(base::Nanoseconds(i));
  CHECK(histogram.quantile(0.5) == 500ns);
  CHECK(histogram.quantile(0.99) == 990ns);
  CHECK(histogram.quantile(0.999) == 999ns);
}

TEST_CASE("merging gives what recording all values in one gives") {
  Histogram one, other, all;
  for (const auto value : durations(5000, "one")) {
    one.record(value);
    all.record(value);
  }
  for (const auto value : durations(3000, "other")) {
    other.record(value);
    all.record(value);
  }
  one.merge(other);
  CHECK(one.count() == all.count());
  CHECK(one.min() == all.min());
  CHECK(one.max() == all.max());
  CHECK(one.mean() == all.mean());
  CHECK(one.encode() == all.encode());
}

TEST_CASE("a copy is independent of its origin") {
  Histogram origin;
  origin.record(5ms);
  Histogram copy = origin;
  origin.record(7ms);
  CHECK(copy.count() == 1);
  CHECK(copy.quantile(0.9) == 5ms);
  copy = origin;
  CHECK(copy.encode() == origin.encode());
  copy = Histogram();
  CHECK(copy.count_at_or_below(1h) == 0);
}

TEST_CASE("counts below a bound are right to 0.1 % of the bound") {
  Histogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.record(i * 1ms);
  CHECK(histogram.count_at_or_below(500us) == 0);
  CHECK(histogram.count_at_or_below(50500us) == 50);
  CHECK(histogram.count_at_or_below(50ms) == 50);
  CHECK(histogram.count_at_or_below(1h) == 100);
  CHECK(histogram.count_at_or_below(-1ns) == 0);
}

TEST_CASE("what was encoded decodes to the same counts") {
  Histogram histogram;
  for (const auto value : durations(4000, "values")) histogram.record(value);
  histogram.record(3ms, std::uint64_t{1} << 60);  // takes all nine bytes of a number
  const auto decoded = Histogram::decode(histogram.encode());
  REQUIRE(decoded.has_value());
  CHECK(decoded->encode() == histogram.encode());
  CHECK(decoded->count() == histogram.count());
  CHECK(decoded->quantile(0.001) == histogram.quantile(0.001));
  const auto empty = Histogram::decode(Histogram().encode());
  REQUIRE(empty.has_value());
  CHECK(empty->count() == 0);
}

// Made by PyPI's hdrhistogram 0.10.8: HdrHistogram(1, 3600000000000, 3) with record_value of 1000, 2000000
// (three times), 5000000000 and 3600000000000.
constexpr std::string_view foreign =
    "HISTFAAAADF4nJNpmSzMwMDAzwABzFCaEch0M9ixgMH+A0TgPD/T+3WMbN1bGJmOTmdkAgC/mgl/";

TEST_CASE("a histogram of another library decodes") {
  const auto decoded = Histogram::decode(foreign);
  REQUIRE(decoded.has_value());
  CHECK(decoded->count() == 6);
  CHECK(decoded->quantile(0.01) == 1000ns);
  CHECK(decoded->quantile(0.5).count() == Approx(2e6).epsilon(0.001));
  CHECK(decoded->quantile(0.7).count() == Approx(5e9).epsilon(0.001));
  CHECK(decoded->max().count() == Approx(3.6e12).epsilon(0.001));
}

TEST_CASE("text that is no histogram is refused with its reason") {
  Histogram histogram;
  histogram.record(3ms);
  const std::string whole = *base::base64_decode(histogram.encode());
  std::string damaged = whole;
  damaged[20] = static_cast<char>(damaged[20] ^ 0x55);
  for (const std::string& text :
       {std::string("!"), std::string(), std::string("AAAA"), base::base64_encode(whole.substr(0, 12)),
        base::base64_encode(damaged), base::base64_encode("\x1c\x84\x93\x13" + whole.substr(4))}) {
    const auto decoded = Histogram::decode(text);
    REQUIRE_FALSE(decoded.has_value());
    CHECK(decoded.error().kind() == base::FailureKind::protocol);
    CHECK(decoded.error().detail().find("HdrHistogram") != std::string::npos);
  }
}

TEST_CASE("what was recorded since a copy was made can be told apart") {
  Histogram histogram;
  histogram.record(5ms, 3);
  const Histogram before = histogram;
  histogram.record(80ms, 2);
  histogram.record(5ms);
  const Histogram since = histogram.since(before);
  CHECK(since.count() == 3);
  CHECK(since.quantile(0.3) >= 5ms);
  CHECK(since.quantile(0.3) < 6ms);
  CHECK(since.max() >= 80ms);
  CHECK(before.since(before).count() == 0);
}

}  // namespace
}  // namespace k8scale::measure
