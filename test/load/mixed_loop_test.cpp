#include "k8scale/load/mixed_loop.h"

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "k8scale/kube/resource_version.h"
#include "loop_bench.h"

namespace k8scale::load {
namespace {

using measure::Verb;

net::Response taken(const net::ServerRequest& request) {
  if (request.method == "POST") return reply(201, R"({"metadata":{"resourceVersion":"5"}})");
  const bool list = request.method == "GET" && request.target.find("limit=") != std::string::npos;
  return reply(200, list ? R"({"kind":"List","metadata":{},"items":[{"a":1},{"b":2}]})" : "{}");
}

// A server that knows each object's version, and takes no PUT of another one.
class Versions {
 public:
  int puts_of_any = 0;
  int others_change_after = 0;  // so many PUTs somebody else changes all objects

  net::Response answer(const net::ServerRequest& request) {
    if (request.method == "POST") return shown(201, name_in(request.body));
    const std::string path = request.target.substr(0, request.target.find('?'));
    const std::string name = path.substr(path.rfind('/') + 1);
    if (request.method == "PUT") {
      const std::string_view asked = kube::resource_version_of(request.body);
      if (asked.empty()) ++puts_of_any;
      if (!asked.empty() && asked != std::to_string(versions_[name])) return conflict();
    }
    if (request.method != "GET") versions_[name] = ++last_;
    if (request.method != "PUT" || --others_change_after != 0) return shown(200, name);
    net::Response before = shown(200, name);
    for (auto& [each, version] : versions_) version = ++last_;
    return before;
  }

 private:
  static std::string name_in(const std::string& body) {
    return nlohmann::json::parse(body)["metadata"]["name"].get<std::string>();
  }
  static net::Response conflict() {
    return reply(409, R"({"kind":"Status","status":"Failure","reason":"Conflict","code":409})");
  }
  net::Response shown(int status, const std::string& name) {
    if (status == 201) versions_[name] = ++last_;
    return reply(status, fmt::format(R"({{"metadata":{{"resourceVersion":"{}"}}}})", versions_[name]));
  }

  std::map<std::string, int> versions_;
  int last_ = 0;
};

MixedLoop::Parameters parameters(const char* mix, std::uint64_t count = 600) {
  MixedLoop::Parameters made;
  made.arrivals = {ArrivalPlan::steady(20'000), count, 7};
  made.mix = OperationMix::parse(mix).value();
  made.initial = 100;  // so that deletes always find one
  return made;
}

}  // namespace

TEST_CASE("a mix is read from its text, and written to it") {
  const auto mix = OperationMix::parse("get=10, create=1,delete=0.5");
  REQUIRE(mix);
  CHECK(mix->weight(Verb::get) == 10);
  CHECK(mix->weight(Verb::remove) == 0.5);
  CHECK(mix->text() == "create=1,get=10,delete=0.5");
  for (const char* wrong :
       {"", "get", "get=", "get=-1", "get=0", "get=1,get=2", "watch=1", "get=nan", "get=1x"}) {
    INFO(wrong);
    CHECK_FALSE(OperationMix::parse(wrong));
  }
}

TEST_CASE("operations are chosen by weight") {
  const auto mix = OperationMix::parse("create=1,update=2,patch=3,get=4,list=5,delete=6").value();
  base::Random random(7, "test");
  std::array<double, measure::all_verbs.size()> found{};
  constexpr int draws = 21'000;
  for (int i = 0; i < draws; ++i) ++found[static_cast<std::size_t>(mix.choose(random))];
  double chi_square = 0;
  for (const Verb verb : {Verb::create, Verb::update, Verb::patch, Verb::get, Verb::list, Verb::remove}) {
    const double expected = draws * mix.weight(verb) / 21;
    const double difference = found[static_cast<std::size_t>(verb)] - expected;
    chi_square += difference * difference / expected;
  }
  CHECK(chi_square < 20.5);  // 5 degrees of freedom, 0.1 %
}

TEST_CASE("every operation that was asked for is done, and what is left is deleted") {
  LoopBench bench(taken);
  MixedLoop loop(bench.context(), parameters("create=3,update=1,patch=1,get=3,list=1,delete=1"));
  CHECK(bench.totals().asked() == 600);
  bench.run(loop);
  CHECK(bench.totals().asked() == 600);
  CHECK(bench.totals().done() == 600);
  CHECK(bench.totals().failed() == 0);
  CHECK(loop.without_object() == 0);
  for (const Verb verb : measure::all_verbs) CHECK(bench.of(verb).done == bench.of(verb).asked);
  CHECK(bench.of(Verb::list).items == 2 * bench.of(Verb::list).ok());
  bench.clean_up();
  CHECK(bench.totals().population == 0);
  CHECK(bench.api.count("DELETE") == bench.of(Verb::create).ok() + 100);
}

TEST_CASE("a run of any length is begun at once, and draws its operations as they come") {
  LoopBench* at = nullptr;
  std::atomic<int> answered = 0;
  LoopBench bench([&](const net::ServerRequest& request) {
    if (++answered == 150) at->api.shard.post([&] { at->stop.raise(); });
    return taken(request);
  });
  at = &bench;
  constexpr std::uint64_t endless = 1'000'000'000'000;
  MixedLoop::Parameters unhurried = parameters("create=1,get=1");
  unhurried.arrivals = {ArrivalPlan::steady(500), endless, 7};  // what comes before the stop is answered soon
  MixedLoop loop(bench.context(), unhurried);
  CHECK(bench.totals().asked() == endless);
  bench.run(loop);
  CHECK(bench.totals().asked() == endless);
  CHECK(bench.of(Verb::create).asked + bench.of(Verb::get).asked == bench.totals().done());
}

TEST_CASE("what is kept is not deleted") {
  LoopBench bench(taken);
  MixedLoop::Parameters kept = parameters("create=1,get=1", 50);
  kept.keep = Keep::yes;
  MixedLoop loop(bench.context(), kept);
  bench.run(loop);
  bench.clean_up();
  CHECK(bench.api.count("DELETE") == 0);
}

TEST_CASE("workers do the same operations one after the other") {
  LoopBench bench(taken);
  MixedLoop::Parameters closed = parameters("create=1,get=3", 100);
  closed.workers = 3;
  MixedLoop loop(bench.context(), closed);
  CHECK(bench.totals().asked() == 100);
  bench.run(loop);
  CHECK(bench.totals().done() == 100);
}

TEST_CASE("workers with a rate begin each operation at its moment, and not before") {
  LoopBench bench(taken);
  MixedLoop::Parameters closed = parameters("create=1", 40);
  closed.workers = 4;
  closed.rate = 400;
  MixedLoop loop(bench.context(), closed);
  const auto before = std::chrono::steady_clock::now();
  bench.run(loop);
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::microseconds(97'500));  // that of the last
  CHECK(bench.totals().done() == 40);
}

TEST_CASE("objects of before the run that cannot be made are counted, with the first reason") {
  LoopBench bench([](const net::ServerRequest&) { return reply(500); });
  MixedLoop::Parameters closed = parameters("get=1", 10);
  closed.workers = 1;
  closed.initial = 5;
  MixedLoop loop(bench.context(), closed);
  bench.run(loop);
  CHECK(loop.unprepared().count == 5);
  CHECK_FALSE(loop.unprepared().first_error.empty());
  CHECK(loop.without_object() == 10);
}

TEST_CASE("a PUT has the newest version that answers have shown") {
  Versions versions;
  LoopBench bench([&](const net::ServerRequest& request) { return versions.answer(request); });
  MixedLoop::Parameters closed = parameters("update=2,patch=1,get=1", 300);
  closed.workers = 4;
  closed.initial = 20;
  MixedLoop loop(bench.context(), closed);
  bench.run(loop);
  CHECK(bench.of(Verb::update).ok() > 100);
  CHECK(bench.totals().failed() == 0);
  CHECK(versions.puts_of_any == 0);
}

TEST_CASE(
    "what somebody else has changed is a conflict, counted as such, and then put whatever its version") {
  Versions versions;
  LoopBench bench([&](const net::ServerRequest& request) { return versions.answer(request); });
  MixedLoop::Parameters closed = parameters("update=1", 30);
  closed.workers = 1;
  closed.initial = 1;
  versions.others_change_after = 10;
  MixedLoop loop(bench.context(), closed);
  bench.run(loop);
  CHECK(bench.of(Verb::update).ok() == 29);
  CHECK(bench.of(Verb::update).errors == measure::CountByReason{{"Conflict", 1}});
  CHECK(versions.puts_of_any == 1);
}

TEST_CASE("without an object there is nothing to do, and it is counted") {
  LoopBench bench(taken);
  MixedLoop::Parameters none = parameters("get=1", 20);
  none.initial = 0;
  MixedLoop loop(bench.context(), none);
  bench.run(loop);
  CHECK(loop.without_object() == 20);
  CHECK(bench.totals().done() == 0);
}

TEST_CASE("the operations of a seed are the same however the run is split") {
  const std::uint64_t workers = GENERATE(0, 7);
  const auto asked_by = [workers](std::uint64_t shards) {
    measure::Snapshot all;
    std::uint64_t asked = 0;
    for (std::uint64_t shard = 0; shard < shards; ++shard) {
      LoopBench bench(taken, lane_of({}, shard, shards));
      MixedLoop::Parameters made = parameters("create=1,patch=2,get=3");
      made.workers = workers;
      MixedLoop loop(bench.context(), made);
      asked += bench.totals().asked();
      bench.run(loop);
      all.merge(bench.totals());
    }
    CHECK(asked == 600);
    std::array<std::uint64_t, 3> counts{};
    for (std::size_t i = 0; i < 3; ++i)
      counts[i] = all.of(std::array{Verb::create, Verb::patch, Verb::get}[i]).asked;
    return counts;
  };
  CHECK(asked_by(1) == asked_by(4));
}

TEST_CASE("living objects are found by number and drawn by chance") {
  LivingObjects objects;
  for (std::uint64_t number = 1; number <= 5; ++number) objects.add({number, 0, ""});
  objects.remove(2);
  objects.remove(9);
  CHECK(objects.find(2) == nullptr);
  for (const std::uint64_t number : {1U, 3U, 4U, 5U}) CHECK(objects.find(number)->number == number);
  for (std::uint64_t random = 0; random < 8; ++random) CHECK(objects.draw(random).number != 2);
  objects.remove(5);
  objects.remove(1);
  CHECK(objects.all().size() == 2);
  CHECK(objects.find(4)->number == 4);
}

TEST_CASE("living objects keep the newest version, and one without a write is drawn for the next") {
  LivingObjects objects;
  for (std::uint64_t number = 0; number < 3; ++number) objects.add({number, 0, "9"});
  objects.learn(1, "10");
  objects.learn(1, "8");
  objects.learn(1, "");
  objects.learn(7, "11");
  CHECK(objects.find(1)->resource_version == "10");
  CHECK(objects.draw_unwritten(1).number == 1);
  objects.find(1)->written = true;
  CHECK(objects.draw_unwritten(1).number == 2);
  for (std::uint64_t number = 3; number < 50; ++number) objects.add({number, 0, ""});
  for (std::uint64_t number = 2; number < 49; ++number) objects.find(number)->written = true;
  CHECK(objects.draw_unwritten(1).number == 49);
  for (std::uint64_t number = 3; number < 50; ++number) objects.remove(number);
  CHECK(objects.draw(1).number == 1);
  for (const std::uint64_t number : {0U, 2U}) objects.find(number)->written = true;
  CHECK(objects.draw_unwritten(1).number == 1);
}

}  // namespace k8scale::load
