#include "k8scale/load/arrivals.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "catch.h"
#include "k8scale/load/lane.h"

namespace load = k8scale::load;
namespace base = k8scale::base;

namespace {

std::vector<double> gaps(double rate, std::uint64_t seed, std::size_t count) {
  load::Arrivals arrivals(load::ArrivalPlan::steady(rate), base::Random(seed, "gaps"));
  std::vector<double> found(count);
  double before = 0;
  for (double& gap : found) {
    const double now = base::to_seconds(arrivals.next().value());
    gap = now - before;
    before = now;
  }
  return found;
}

// The largest distance between the sample's distribution and the exponential one, times the root of its size.
double kolmogorov_smirnov(double rate, std::vector<double> sample) {
  std::sort(sample.begin(), sample.end());
  const auto count = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double expected = 1 - std::exp(-rate * sample[i]);
    const auto below = static_cast<double>(i);
    distance = std::max({distance, (below + 1) / count - expected, expected - below / count});
  }
  return distance * std::sqrt(count);
}

}  // namespace

TEST_CASE("gaps are exponential by Kolmogorov and Smirnov") {
  // Of 400 fixed seeds, 5 % should exceed the 5 % critical value, and 10 % the 10 % one; the bounds are four
  // standard deviations of a binomial count away.
  constexpr double rate = 50;
  int beyond_5_percent = 0;
  int beyond_10_percent = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const double statistic = kolmogorov_smirnov(rate, gaps(rate, seed, 2'000));
    if (statistic > 1.3581) ++beyond_5_percent;
    if (statistic > 1.2238) ++beyond_10_percent;
  }
  CHECK(beyond_5_percent == Approx(20).margin(17));
  CHECK(beyond_10_percent == Approx(40).margin(24));
}

TEST_CASE("no gap is longer than 300 s and arrivals never go back") {
  const std::vector<double> long_gaps = gaps(0.001, 7, 1'000);
  CHECK(*std::max_element(long_gaps.begin(), long_gaps.end()) == Approx(300));
  CHECK(*std::min_element(long_gaps.begin(), long_gaps.end()) >= 0);
}

TEST_CASE("a seed fixes the schedule") {
  CHECK(gaps(100, 42, 1'000) == gaps(100, 42, 1'000));
  CHECK(gaps(100, 42, 1'000) != gaps(100, 43, 1'000));
}

TEST_CASE("the lanes of all shards of all parts take each number once") {
  const std::uint64_t parts = GENERATE(1U, 2U, 5U);
  const std::uint64_t shards = GENERATE(1U, 3U);
  constexpr std::uint64_t last = 100;
  std::multiset<std::uint64_t> taken;
  std::uint64_t counted = 0;
  for (std::uint64_t part = 1; part <= parts; ++part) {
    for (std::uint64_t shard = 0; shard < shards; ++shard) {
      const load::Lane lane = load::lane_of({part, parts}, shard, shards);
      counted += lane.count_up_to(last);
      for (std::uint64_t number = 1; number <= last; ++number) {
        if (lane.takes(number)) taken.insert(number);
      }
    }
  }
  CHECK(counted == last);
  CHECK(taken.size() == last);
  CHECK(std::set<std::uint64_t>(taken.begin(), taken.end()).size() == last);
}

TEST_CASE("a part is i/n") {
  CHECK(load::parse_part("2/3")->index == 2);
  for (const char* wrong : {"", "1", "0/2", "3/2", "a/b", "1/", "/1", "1/2/3", "-1/2", "1/10001"}) {
    CHECK_FALSE(load::parse_part(wrong).has_value());
  }
}

TEST_CASE("a ramp has the arrivals of its steps, and then no more") {
  using namespace std::chrono_literals;
  const load::ArrivalPlan plan{load::ArrivalShape::poisson, {{1'000, 2s}, {0, 1s}, {4'000, 3s}}};
  load::Arrivals arrivals(plan, base::Random(5, "gaps"));
  std::size_t first = 0, pause = 0, last = 0;
  base::Nanoseconds before{0};
  while (const auto arrival = arrivals.next()) {
    CHECK(*arrival >= before);
    before = *arrival;
    ++(*arrival < 2s ? first : *arrival < 3s ? pause : last);
  }
  CHECK(before < 6s);
  CHECK(pause == 0);
  CHECK(static_cast<double>(first) == Approx(2'000).margin(4 * std::sqrt(2'000)));
  CHECK(static_cast<double>(last) == Approx(12'000).margin(4 * std::sqrt(12'000)));
  CHECK(load::count_arrivals(plan, 5, 1'000'000) == first + last);
  CHECK(load::count_arrivals(plan, 5, 10) == 10);
}

TEST_CASE("the first arrivals of a ramp end somewhere in it, unless they are all") {
  using namespace std::chrono_literals;
  const load::ArrivalPlan plan{load::ArrivalShape::constant, {{100, 1s}, {200, 1s}}};
  CHECK(load::end_of_first(plan, 5, 50) == 500ms);
  CHECK(base::to_seconds(load::end_of_first(plan, 5, 200).value()) == Approx(1.5));
  CHECK_FALSE(load::end_of_first(plan, 5, load::count_arrivals(plan, 5, 1'000)));
  const load::ArrivalPlan cut = load::cut_at(plan, 1500ms);
  REQUIRE(cut.steps.size() == 2);
  CHECK(cut.steps[1].rate == 200);
  CHECK(cut.steps[1].duration == 500ms);
  CHECK(load::cut_at(plan, 1s).steps.size() == 1);
}

TEST_CASE("constant arrivals are equally far from one another") {
  load::Arrivals arrivals(load::ArrivalPlan::steady(250, load::ArrivalShape::constant),
                          base::Random(5, "gaps"));
  for (int k = 1; k <= 100; ++k) CHECK(base::to_seconds(arrivals.next().value()) == Approx(k / 250.0));
}
