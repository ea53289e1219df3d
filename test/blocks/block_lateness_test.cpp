#include "blocks/block_lateness.h"

#include <algorithm>
#include <string>
#include <vector>

#include "blocks/answer.h"
#include "catch.h"
#include "k8scale/base/random.h"

namespace k8scale::blocks {
namespace {

using namespace std::chrono_literals;

measure::Histogram recorded(const BlockLateness& lateness) {
  measure::Histogram histogram;
  lateness.record_in(histogram);
  return histogram;
}

base::SteadyTime at(base::Nanoseconds moment) { return base::SteadyTime(1h + moment); }

// What comes of the blocks of one byte that come `late` after their times.
measure::Histogram of_answer(const std::vector<base::Nanoseconds>& late) {
  BlocksRequest request;
  request.size = 1;
  request.count = late.size();
  request.period = 10ms;
  std::uint64_t bytes = 0;
  BlockLateness lateness;
  Answer answer(request, bytes, lateness);
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(late.size()) + "\r\n\r\n";
  answer.set_now(at(0ms));
  REQUIRE(answer.take(head).has_value());
  for (std::size_t i = 0; i < late.size(); ++i) {
    answer.set_now(at(late[i] + 10ms * i));
    REQUIRE(answer.take("A").has_value());
  }
  return recorded(lateness);
}

TEST_CASE("blocks at the beginning of an answer were late by what later ones show") {
  const measure::Histogram lateness = of_answer({500ms, 490ms, 300ms, 0ms, 2ms, 0ms});
  CHECK(lateness.count() == 6);
  CHECK(lateness.max() == 500ms);
  CHECK(lateness.min() == 0ms);
  CHECK(lateness.count_at_or_below(2ms) == 3);
  CHECK(lateness.count_at_or_below(400ms) == 4);
  CHECK(lateness.mean() == base::Nanoseconds(500ms + 490ms + 300ms + 2ms) / 6);
}

TEST_CASE("an answer that is late as a whole has no late block") {
  CHECK(of_answer({700ms, 700ms, 701ms}).max() == 1ms);
}

TEST_CASE("of many blocks each is known to within 1 µs or 1 %, however the schedule moves") {
  base::Random random(3, "lateness");
  BlockLateness lateness;
  std::vector<base::Nanoseconds> starts;
  for (std::int64_t i = 0; i < 50'000; ++i) {
    const base::Nanoseconds drift = 10ms - i * 150ns;
    starts.push_back(drift +
                     base::Nanoseconds(static_cast<std::int64_t>(random.below(1U << random.below(31)))));
    lateness.add(at(starts.back()));
  }
  std::ranges::sort(starts);
  const measure::Histogram histogram = recorded(lateness);
  REQUIRE(histogram.count() == starts.size());
  for (std::size_t i = 0; i < starts.size(); i += 97) {
    const base::Nanoseconds exact = starts[i] - starts.front();
    const base::Nanoseconds told =
        histogram.quantile(static_cast<double>(i + 1) / static_cast<double>(starts.size()));
    CHECK(told >= exact);
    CHECK(told <= (exact + std::max<base::Nanoseconds>(1us, exact / 100)) * 1001 / 1000);
  }
}

TEST_CASE("blocks that are forgotten leave their schedule") {
  BlockLateness lateness;
  lateness.add(at(0ms));
  lateness.forget_blocks();
  lateness.add(at(5ms));
  CHECK(recorded(lateness).count() == 1);
  CHECK(recorded(lateness).max() == 5ms);
}

}  // namespace
}  // namespace k8scale::blocks
