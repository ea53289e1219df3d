#include <random>

#include "barrier_parts.h"

namespace k8scale::load {

using namespace barrier;

TEST_CASE("what a deleted Job left is not joined, and goes") {
  Server server;
  const bool started = GENERATE(false, true);
  server.object = {{"metadata",
                    {{"name", "r-start"},
                     {"uid", "former"},
                     {"ownerReferences", {{{"kind", "Job"}, {"name", "drive"}, {"uid", "job 1"}}}}}},
                   {"data", {{"run", options_of(1, 4).run.dump()}, {"part-1.x", "t"}, {"part-2.y", "t"}}}};
  if (started) server.object["data"]["start"] = "2026-01-01T00:00:00Z";
  Parts parts(server);
  std::vector<StartBarrier*> barriers;
  std::vector<std::future<Meeting>> meetings;
  const auto begin = [&](std::uint64_t part) {
    StartBarrier::Options options = options_of(part, 4);
    options.owner = JobOwner{"drive", "job 2"};
    barriers.push_back(&parts.add(options));
    meetings.push_back(parts.meet(*barriers.back()));
  };
  begin(3);
  begin(4);
  wait_for([&] { return parts.api.count("GET") > 10; });
  for (const auto& each : meetings) CHECK(each.wait_for(0s) == std::future_status::timeout);
  begin(1);
  begin(2);
  for (auto& each : meetings) {
    const Meeting met = each.get();
    INFO(met.failure);
    CHECK(met.start.has_value());
  }
  CHECK(server.creates == 1);
  for (StartBarrier* each : barriers) parts.leave(*each);
  CHECK(server.object.is_null());
}

TEST_CASE("who may not set the start says so at once") {
  Server server;
  server.instead = [&](const net::ServerRequest& request) -> std::optional<net::Response> {
    const bool sets_start = request.method == "PATCH" && request.body.find("\"start\"") != std::string::npos;
    if (!sets_start) return std::nullopt;
    return reply(403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"cannot patch"})");
  };
  Parts parts(server);
  CHECK(parts.meet(parts.add(options_of(1, 1))).get().failure == "ConfigMap r-start: cannot patch");
}

TEST_CASE("why no start could be set is told at the deadline") {
  Server server;
  server.instead = [&](const net::ServerRequest& request) -> std::optional<net::Response> {
    const bool sets_start = request.method == "PATCH" && request.body.find("\"start\"") != std::string::npos;
    if (!sets_start) return std::nullopt;
    return reply(500, R"({"kind":"Status","code":500,"message":"no leader"})");
  };
  Parts parts(server);
  StartBarrier::Options options = options_of(1, 1);
  options.deadline = 100ms;
  CHECK(parts.meet(parts.add(options)).get().failure ==
        "no start was agreed on within 100ms; the last error: no leader");
  CHECK(server.object.is_null());
}

TEST_CASE("a start that is set while a part gives up counts for it too") {
  Server server;
  bool gave_up = false;
  server.instead = [&](const net::ServerRequest& request) -> std::optional<net::Response> {
    const bool leaves = request.method == "PATCH" && request.body.find("null") != std::string::npos;
    if (!leaves || std::exchange(gave_up, true)) return std::nullopt;
    server.object["data"]["part-2.t2"] = "t";  // part 2 comes, finds all, and was faster
    server.object["data"]["start"] = "2096-01-01T00:00:00Z";
    server.object["metadata"]["resourceVersion"] = std::to_string(++server.version);
    return std::nullopt;
  };
  Parts parts(server);
  StartBarrier::Options options = options_of(1, 2);
  options.deadline = 50ms;
  const Meeting met = parts.meet(parts.add(options)).get();
  CHECK(met.failure.empty());
  CHECK(met.start == base::parse_rfc3339("2096-01-01T00:00:00Z"));
  CHECK(server.object["data"].contains("part-1.t1"));
}

TEST_CASE("what fails for a while is tried again, and answers that were lost do no harm") {
  Server server;
  std::mt19937 random(3);
  server.instead = [&](const net::ServerRequest& request) -> std::optional<net::Response> {
    const auto fate = random() % 3;
    if (fate == 0) return std::nullopt;
    if (fate == 1) return reply(503);
    static_cast<void>(server.serve(request));  // and not told
    return net::Response();
  };
  Parts parts(server);
  StartBarrier& first = parts.add(options_of(1, 2));
  StartBarrier& second = parts.add(options_of(2, 2));
  auto one = parts.meet(first);
  auto two = parts.meet(second);
  const Meeting met = one.get();
  INFO(met.failure);
  REQUIRE(met.start.has_value());
  CHECK(two.get().start == met.start);
}

TEST_CASE("what the server forbids is told at once") {
  Server server;
  server.instead = [&](const net::ServerRequest&) {
    return reply(403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"cannot create"})");
  };
  Parts parts(server);
  CHECK(parts.meet(parts.add(options_of(1, 2))).get().failure == "ConfigMap r-start: cannot create");
  CHECK(parts.api.count("POST") == 1);
}

TEST_CASE("a ConfigMap that is removed while a part waits is told") {
  Server server;
  Parts parts(server);
  auto met = parts.meet(parts.add(options_of(1, 2)));
  wait_for([&] { return parts.api.count("GET") > 0; });
  parts.api.shard.run([](FakeApi& api) -> net::Task<void> {
    const kube::AttemptObserver nobody;
    const kube::Collection collection(kube::config_maps(), "space");
    const kube::Answer removed =
        co_await api.servers->client(0).remove(collection, "r-start", R"({"preconditions":{}})", nobody);
    CHECK(removed.ok());
  }(parts.api));
  CHECK_THAT(met.get().failure, Catch::Contains("ConfigMap r-start was removed before the run began"));
}

}  // namespace k8scale::load
