#include "kube/backoff.h"

#include "catch.h"

namespace base = k8scale::base;
using namespace k8scale::kube;
using namespace std::chrono_literals;

TEST_CASE("pauses double from 0.8 s to 30 s, each lengthened by up to itself") {
  const ReflectorTimes times;
  Backoff backoff(times);
  base::Random random(1, "backoff");
  base::SteadyTime now = base::SteadyTime() + 1h;
  base::Nanoseconds shortest = 800ms;
  bool varied = false;
  for (int i = 0; i < 12; ++i) {
    const base::Nanoseconds pause = backoff.next(now, random);
    CHECK(pause >= shortest);
    CHECK(pause < 2 * shortest);
    varied = varied || pause > shortest + shortest / 4;
    shortest = std::min<base::Nanoseconds>(2 * shortest, 30s);
    now += pause;
  }
  CHECK(varied);
}

TEST_CASE("after two calm minutes pauses begin anew") {
  const ReflectorTimes times;
  Backoff backoff(times);
  base::Random random(1, "backoff");
  base::SteadyTime now = base::SteadyTime() + 1h;
  for (int i = 0; i < 8; ++i) static_cast<void>(backoff.next(now, random));
  CHECK(backoff.next(now + 119s, random) >= 30s);
  CHECK(backoff.next(now + 119s + 121s, random) < 1600ms);
}

TEST_CASE("after what went well pauses begin anew") {
  const ReflectorTimes times;
  Backoff backoff(times);
  base::Random random(1, "backoff");
  const base::SteadyTime now = base::SteadyTime() + 1h;
  for (int i = 0; i < 8; ++i) static_cast<void>(backoff.next(now, random));
  backoff.forget();
  CHECK(backoff.next(now, random) < 1600ms);
}
