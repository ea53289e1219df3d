#include "k8scale/base/random.h"

#include <cmath>
#include <vector>

#include "catch.h"

using k8scale::base::Random;

TEST_CASE("a seed and a purpose fix the numbers") {
  Random a(42, "gaps"), b(42, "gaps"), other_seed(43, "gaps"), other_purpose(42, "sizes");
  std::vector<std::uint64_t> first, second, third, fourth;
  for (int i = 0; i < 8; ++i) {
    first.push_back(a.next());
    second.push_back(b.next());
    third.push_back(other_seed.next());
    fourth.push_back(other_purpose.next());
  }
  CHECK(first == second);
  CHECK(first != third);
  CHECK(first != fourth);
}

TEST_CASE("a seed from the clock is one that a double holds, and not 0") {
  using k8scale::base::seed_at;
  using k8scale::base::WallTime;
  const WallTime now = WallTime() + std::chrono::nanoseconds(1'795'532'645'123'456'789);
  const std::uint64_t seed = seed_at(now);
  CHECK(static_cast<std::uint64_t>(static_cast<double>(seed)) == seed);
  CHECK(seed < (std::uint64_t{1} << 53U));
  CHECK(seed_at(now + std::chrono::nanoseconds(1)) == seed + 1);
  CHECK(seed_at(WallTime()) == 1);
}

TEST_CASE("uniform numbers lie in [0, 1) and below() in its bound") {
  Random random(1, "choices");
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) {
    const double u = random.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    ++counts[random.below(7)];
  }
  for (const int count : counts) CHECK(std::abs(count - 10000) < 500);
}

TEST_CASE("exponential and normal numbers have their mean and deviation") {
  Random random(7, "gaps");
  constexpr int n = 200000;
  double exponential_sum = 0, normal_sum = 0, normal_squares = 0;
  for (int i = 0; i < n; ++i) {
    exponential_sum += random.exponential();
    const double x = random.normal();
    normal_sum += x;
    normal_squares += x * x;
  }
  CHECK(exponential_sum / n == Approx(1).epsilon(0.02));
  CHECK(std::fabs(normal_sum / n) < 0.02);
  CHECK(normal_squares / n == Approx(1).epsilon(0.02));
}
