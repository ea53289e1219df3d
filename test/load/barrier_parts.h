#pragma once
#include <fmt/format.h>

#include <functional>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"
#include "fake_api.h"
#include "k8scale/load/start_barrier.h"

/// Parts of a run that meet at a server that fails as it is told.
namespace k8scale::load::barrier {

using namespace std::chrono_literals;
using Json = nlohmann::json;

// A server with one ConfigMap at most, and how it may fail.
class Server : public ScriptedAnswers {
 public:
  Json object;  // null: there is none
  int version = 0;
  int creates = 0;
  int deletes = 0;

  net::Response serve(const net::ServerRequest& request) override {
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
    const Json& only = options["preconditions"];
    if (only.value("resourceVersion", std::to_string(version)) != std::to_string(version)) return reply(409);
    if (only.value("uid", object["metadata"].value("uid", "")) != object["metadata"].value("uid", "")) {
      return reply(409);
    }
    ++deletes;
    object = nullptr;
    return reply(200);
  }
};

inline StartBarrier::Options options_of(std::uint64_t index, std::uint64_t count) {
  StartBarrier::Options options;
  options.run_id = "r";
  options.part = {index, count};
  options.token = fmt::format("t{}", index);
  options.run = {{"seed", 7}, {"rate", 100.0}};
  options.deadline = 20s;
  options.margin = 300ms;
  options.period = 5ms;
  options.longest_leave = 2s;
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

}  // namespace k8scale::load::barrier
