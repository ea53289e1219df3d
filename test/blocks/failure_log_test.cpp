#include "blocks/failure_log.h"

#include <string>
#include <vector>

#include "catch.h"

namespace k8scale::blocks {
namespace {

using namespace std::chrono_literals;

struct Told {
  std::vector<std::string> lines;
  FailureLog log{[this](const std::string& line) { lines.push_back(line); }};

  void fail(std::size_t connection, const std::string& message, base::Nanoseconds when) {
    log.tell(connection, message, base::SteadyTime(1h + when));
  }
  void end(base::Nanoseconds when) { log.tell_rest(base::SteadyTime(1h + when)); }
};

TEST_CASE("the same failure of other connections is told with each of them") {
  Told told;
  for (const std::size_t connection : {0, 3, 5}) told.fail(connection, "gone", 0ms);
  told.end(1ms);
  CHECK(told.lines ==
        std::vector<std::string>{"connection 0: gone", "connection 3: gone", "connection 5: gone"});
}

TEST_CASE("a connection that fails again is told a second later, with what was left out") {
  Told told;
  for (const base::Nanoseconds when : {0ms, 100ms, 300ms, 1000ms}) told.fail(2, "gone", when);
  told.fail(2, "gone", 1001ms);
  told.end(2s);
  CHECK(told.lines ==
        std::vector<std::string>{"connection 2: gone", "connection 2: gone (2 times more in 1.00s)",
                                 "connection 2: gone", "connection 2: gone (once more in 1.00s)"});
}

TEST_CASE("at the end what was not told is told, once") {
  Told told;
  for (std::size_t connection = 0; connection < 80; ++connection) told.fail(connection, "gone", 0ms);
  told.end(500ms);
  told.end(600ms);
  REQUIRE(told.lines.size() == 9);
  CHECK(told.lines[7] == "connection 7: gone");
  CHECK(told.lines[8].starts_with("connections 8, 9, 10,"));
  CHECK(told.lines[8].ends_with(" 70, 71 and 8 more: gone (72 times more in 500ms)"));
}

TEST_CASE("failures that all differ are all told") {
  Told told;
  for (int i = 0; i < 250; ++i) {
    for (int times = 0; times < 2; ++times) told.fail(1, "gone at " + std::to_string(i), 0ms);
  }
  told.end(0ms);
  CHECK(told.lines.size() == 500);
}

}  // namespace
}  // namespace k8scale::blocks
