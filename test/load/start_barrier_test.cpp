#include "barrier_parts.h"

namespace k8scale::load {

using namespace barrier;

TEST_CASE("parts that all join agree on one start, and the last one to leave removes the ConfigMap") {
  Server server;
  Parts parts(server);
  std::vector<StartBarrier*> barriers;
  std::vector<std::future<Meeting>> meetings;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    barriers.push_back(&parts.add(options_of(i, 5)));
    meetings.push_back(parts.meet(*barriers.back()));
  }
  std::vector<Meeting> met;
  for (auto& each : meetings) met.push_back(each.get());
  for (const Meeting& each : met) {
    INFO(each.failure);
    REQUIRE(each.start.has_value());
    CHECK(*each.start == *met.front().start);
  }
  const base::Nanoseconds ahead = *met.front().start - std::chrono::system_clock::now();
  CHECK(ahead < 301ms);
  CHECK(server.creates == 1);
  CHECK(server.object["metadata"]["labels"]["scaletest/run"] == "r");
  for (StartBarrier* each : barriers) {
    CHECK(server.deletes == 0);
    parts.leave(*each);
  }
  CHECK(server.deletes == 1);
  CHECK(server.object.is_null());
}

TEST_CASE("a run of one part begins soon") {
  Server server;
  Parts parts(server);
  CHECK(parts.meet(parts.add(options_of(1, 1))).get().start.has_value());
}

TEST_CASE("at the deadline a part says who is missing, and leaves") {
  Server server;
  Parts parts(server);
  StartBarrier::Options options = options_of(2, 6);
  options.deadline = 50ms;
  const Meeting met = parts.meet(parts.add(options)).get();
  CHECK_FALSE(met.start.has_value());
  CHECK(met.failure == "not all parts joined within 50.0ms (--start-deadline): missing 1, 3-6 of 6");
  CHECK(server.object.is_null());
}

TEST_CASE("a part that is stopped leaves, and the others wait on") {
  Server server;
  Parts parts(server);
  StartBarrier& first = parts.add(options_of(1, 3));
  StartBarrier& second = parts.add(options_of(2, 3));
  auto one = parts.meet(first);
  wait_for([&] { return parts.api.count("GET") > 0; });
  auto two = parts.meet(second);
  wait_for([&] { return parts.api.count("GET") > 4; });
  parts.api.shard.post([&] { second.stop(); });
  const Meeting met = two.get();
  CHECK_FALSE(met.start.has_value());
  CHECK(met.failure.empty());
  const std::size_t looks = parts.api.count("GET");
  wait_for([&] { return parts.api.count("GET") > looks + 2; });
  CHECK(one.wait_for(0s) == std::future_status::timeout);
  parts.api.shard.post([&] { first.stop(); });
  CHECK(one.get().failure.empty());
  CHECK(server.object.is_null());
}

TEST_CASE("two processes that are the same part do not both run") {
  Server server;
  Parts parts(server);
  StartBarrier& first = parts.add(options_of(1, 2));
  auto one = parts.meet(first);
  wait_for([&] { return parts.api.count("GET") > 0; });
  StartBarrier::Options again = options_of(1, 2);
  again.token = "another";
  const Meeting met = parts.meet(parts.add(again)).get();
  CHECK_THAT(met.failure, Catch::Contains("part 1 of run r joined already") &&
                              Catch::Contains("k8scale cleanup -runid r"));
  CHECK(parts.meet(parts.add(options_of(2, 2))).get().start.has_value());
  CHECK(one.get().start.has_value());
}

TEST_CASE("parts with other parameters do not belong to the run") {
  Server server;
  Parts parts(server);
  StartBarrier& first = parts.add(options_of(1, 2));
  auto one = parts.meet(first);
  wait_for([&] { return parts.api.count("GET") > 0; });
  StartBarrier::Options other = options_of(2, 2);
  other.run["rate"] = 50.0;
  other.run["keep"] = true;
  CHECK(parts.meet(parts.add(other)).get().failure ==
        "part 2 does not belong to run r, which others began: rate is 50.0 instead of 100.0, keep is true "
        "instead of null");
  parts.api.shard.post([&] { first.stop(); });
  one.get();
  CHECK(server.object.is_null());
}

TEST_CASE("who joins after the start is too late") {
  Server server;
  server.object = {
      {"metadata", {{"name", "r-start"}}},
      {"data", {{"run", options_of(1, 2).run.dump()}, {"part-1.x", "t"}, {"start", "2026-01-01T00:00:00Z"}}}};
  Parts parts(server);
  CHECK(parts.meet(parts.add(options_of(2, 2))).get().failure ==
        "run r began at 2026-01-01T00:00:00.000Z, before part 2 joined");
  CHECK_FALSE(server.object["data"].contains("part-2.t2"));
}

}  // namespace k8scale::load
