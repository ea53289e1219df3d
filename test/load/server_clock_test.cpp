#include "k8scale/load/server_clock.h"

#include <random>

#include "catch.h"

namespace base = k8scale::base;
namespace load = k8scale::load;
using namespace std::chrono_literals;

namespace {

const base::WallTime begin = base::WallTime() + 1'800'000'000s;

// A server whose clock is `ahead` of ours, asked when the clock itself wants to; answers after 1 to 3 ms.
class Server {
 public:
  Server(base::Nanoseconds ahead, std::uint64_t seed) : ahead_(ahead), random_(seed) {}

  void ask() {
    now = std::max(now, clock.next_question(now));
    const base::WallTime sent = now;
    now += pause();
    const auto date = std::chrono::floor<std::chrono::seconds>(now + ahead_);
    now += pause();
    clock.add(date, sent, now);
    ++questions;
  }

  load::ServerClock clock;
  base::WallTime now = begin;
  int questions = 0;

 private:
  base::Nanoseconds pause() { return base::Nanoseconds(500'000 + random_() % 1'000'000); }

  base::Nanoseconds ahead_;
  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("the difference of two clocks is between its bounds, which are close after a few seconds") {
  std::mt19937_64 random(3);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const base::Nanoseconds ahead(static_cast<std::int64_t>(random() % 20'000'000'000) - 10'000'000'000);
    Server server(ahead, seed);
    server.now += base::Nanoseconds(random() % 1'000'000'000);
    const base::WallTime first = server.now;
    while (!server.clock.is_known() && server.questions < 100) {
      server.ask();
      const auto known = server.clock.difference();
      REQUIRE(known.has_value());
      REQUIRE(known->at_least <= ahead);
      REQUIRE(known->at_most >= ahead);
    }
    CHECK(server.clock.is_known());
    CHECK(server.questions <= 40);
    CHECK(server.now - first < 4500ms);
  }
}

TEST_CASE("nothing is known before an answer, nor of clocks that contradict one another") {
  load::ServerClock clock;
  CHECK_FALSE(clock.difference().has_value());
  CHECK_FALSE(clock.is_known());
  CHECK(clock.next_question(begin) == begin);
  clock.add(begin, begin, begin + 1ms);
  CHECK(clock.difference()->at_least == -1ms);
  CHECK(clock.difference()->at_most == 1s);
  clock.add(begin + 5s, begin, begin + 1ms);
  CHECK_FALSE(clock.difference().has_value());
}
