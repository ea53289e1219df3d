#include "k8scale/load/start_barrier.h"

#include <fmt/format.h>

#include <future>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "fake_api.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

const std::string maps = "/api/v1/namespaces/space/configmaps";

// A server with one ConfigMap at most, and how it may fail.
class Server {
 public:
  Json object;  // null: there is none
  int version = 0;
  int creates = 0;
  int deletes = 0;
  std::function<std::optional<net::Response>(const net::ServerRequest&)> instead;

  net::Response answer(const net::ServerRequest& request) {
    if (instead) {
      if (auto other = instead(request)) return std::move(*other);
    }
    return serve(request);
  }
  net::Response serve(const net::ServerRequest& request) {
    if (request.method == "POST") return create(Json::parse(request.body));
    if (object.is_null()) return reply(404);
    if (request.method == "PATCH") return patch(Json::parse(request.body));
    return request.method == "DELETE" ? remove(Json::parse(request.body)) : shown();
  }

 private:
  net::Response shown() { return reply(200, object.dump()); }
  net::Response written() {
    object["metadata"]["resourceVersion"] = std::to_string(++version);
    return shown();
  }
  net::Response create(Json made) {
    if (!object.is_null()) return reply(409);
    ++creates;
    object = std::move(made);
    return written();
  }
  net::Response patch(const Json& changes) {
    const Json metadata = changes.value("metadata", Json::object());
    const std::string expected = metadata.value("resourceVersion", std::to_string(version));
    if (expected != std::to_string(version)) return reply(409);
    object.merge_patch(changes);
    return written();
  }
  net::Response remove(const Json& options) {
    if (options["preconditions"]["resourceVersion"] != std::to_string(version)) return reply(409);
    ++deletes;
    object = nullptr;
    return reply(200);
  }
};

StartBarrier::Options options_of(std::uint64_t index, std::uint64_t count) {
  StartBarrier::Options options;
  options.run_id = "r";
  options.part = {index, count};
  options.token = fmt::format("t{}", index);
  options.run = {{"seed", 7}, {"rate", 100.0}};
  options.deadline = 20s;
  options.margin = 300ms;
  options.period = 5ms;
  return options;
}

// Parts of a run that meet at one server.
class Parts {
 public:
  explicit Parts(Server& server)
      : api([&server](const net::ServerRequest& request) { return server.answer(request); }) {}

  StartBarrier& add(StartBarrier::Options options) {
    return *barriers_.emplace_back(
        std::make_unique<StartBarrier>(api.shard, api.servers->client(0), "space", std::move(options)));
  }
  std::future<Meeting> meet(StartBarrier& barrier) {
    auto met = std::make_shared<std::promise<Meeting>>();
    api.shard.spawn(fulfil(barrier, met));
    return met->get_future();
  }
  void leave(StartBarrier& barrier) { api.shard.run(barrier.leave()); }

  FakeApi api;

 private:
  static net::Task<void> fulfil(StartBarrier& barrier, std::shared_ptr<std::promise<Meeting>> met) {
    Meeting meeting = co_await barrier.meet();
    met->set_value(std::move(meeting));
  }

  std::vector<std::unique_ptr<StartBarrier>> barriers_;
};

template <class Condition>
void wait_for(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  REQUIRE(condition());
}

}  // namespace

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
  StartBarrier& first = parts.add(options_of(1, 2));
  StartBarrier& second = parts.add(options_of(2, 3));
  auto one = parts.meet(first);
  wait_for([&] { return parts.api.count("GET") > 0; });
  auto two = parts.meet(second);
  wait_for([&] { return parts.api.count("GET") > 4; });
  parts.api.shard.post([&] { second.stop(); });
  const Meeting met = two.get();
  CHECK_FALSE(met.start.has_value());
  CHECK(met.failure.find("parts is") == std::string::npos);
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

TEST_CASE("what fails for a while is tried again, and answers that were lost do no harm") {
  Server server;
  int requests = 0;
  server.instead = [&](const net::ServerRequest& request) -> std::optional<net::Response> {
    if (++requests % 3 == 0) return std::nullopt;
    if (requests % 3 == 1) return reply(503);
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
  parts.api.shard.run([](FakeApi& api, Server& its) -> net::Task<void> {
    const kube::AttemptObserver nobody;
    const kube::Collection collection(kube::config_maps(), "space");
    const std::string options = fmt::format(R"({{"preconditions":{{"resourceVersion":"{}"}}}})", its.version);
    const kube::Answer removed =
        co_await api.servers->client(0).remove(collection, "r-start", options, nobody);
    CHECK(removed.ok());
  }(parts.api, server));
  CHECK_THAT(met.get().failure, Catch::Contains("ConfigMap r-start was removed before the run began"));
}

}  // namespace k8scale::load
