#include "k8scale/kube/log_memory.h"

#include <string>

#include "catch.h"

using namespace k8scale::kube;
using namespace std::chrono_literals;

TEST_CASE("a kind is logged at once, and then as often as it may be") {
  LogMemory memory;
  const auto now = k8scale::base::SteadyTime() + 1h;
  CHECK(memory.may_log("a", now, 10s));
  CHECK_FALSE(memory.may_log("a", now + 9s, 10s));
  CHECK(memory.may_log("b", now + 9s, 10s));
  CHECK(memory.may_log("a", now + 10s, 10s));
  CHECK_FALSE(memory.may_log("a", now + 24h, k8scale::base::Nanoseconds::max()));
}

TEST_CASE("of kinds without end a thousand are logged") {
  LogMemory memory;
  const auto now = k8scale::base::SteadyTime() + 1h;
  int logged = 0;
  for (int i = 0; i < 2'000; ++i) logged += memory.may_log(std::to_string(i), now, 10s) ? 1 : 0;
  CHECK(logged == 1'000);
}
