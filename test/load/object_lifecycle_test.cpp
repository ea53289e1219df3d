#include "k8scale/load/object_lifecycle.h"

#include "catch.h"
#include "fake_api.h"
#include "k8scale/base/files.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;
using measure::Verb;

// The lives of objects "r-1" … on one shard, against a server that answers as it is told.
class Lives {
 public:
  explicit Lives(FakeApi::Script script, base::Nanoseconds lifetime = 0ns, std::uint64_t updates = 0,
                 bool deletes = true)
      : api_(std::move(script)), log_(folder_.path() / "rows") {
    const OperationRecorder::Sinks sinks{recorder_, log_, 0};
    operations_.emplace(*api_.servers, config_map_family(), sinks);
    lifecycle_.emplace(*operations_, ObjectLifecycle::Parameters{lifetime, updates, deletes}, stop_);
  }

  void live(std::uint64_t number) {
    api_.shard.run(lifecycle_->live(number, std::chrono::steady_clock::now()));
  }
  void clean_up(base::Nanoseconds time) {
    api_.shard.run(operations_->clean_up(api_.shard, std::chrono::steady_clock::now() + time));
  }
  void stop() {
    api_.shard.post([this] { stop_.raise(); });
  }

  [[nodiscard]] FakeApi& api() { return api_; }
  [[nodiscard]] std::size_t uncounted() const { return operations_->uncounted(); }
  [[nodiscard]] std::int64_t population() const { return recorder_.snapshot().population; }
  [[nodiscard]] const measure::VerbTotals& of(Verb verb) const { return recorder_.snapshot().of(verb); }
  [[nodiscard]] std::vector<std::string> rows() {
    log_.close();
    const std::string text = base::read_file(folder_.path() / "rows").value();
    std::vector<std::string> found;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      found.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return found;
  }

 private:
  Folder folder_;
  FakeApi api_;
  measure::Recorder recorder_;
  measure::OperationLog log_;
  net::Signal stop_{api_.shard};
  std::optional<ObjectOperations> operations_;
  std::optional<ObjectLifecycle> lifecycle_;
};

FakeApi::Script always(int created, int deleted) {
  return
      [=](const net::ServerRequest& request) { return reply(request.method == "POST" ? created : deleted); };
}

// Answers deletes with each of `statuses` in turn, the last one again and again.
FakeApi::Script deletes_with(int created, std::vector<int> statuses) {
  return [=, next = std::size_t{0}](const net::ServerRequest& request) mutable {
    if (request.method == "POST") return reply(created);
    return reply(statuses[std::min(next++, statuses.size() - 1)]);
  };
}

const std::string maps = "/api/v1/namespaces/space/configmaps";

}  // namespace

TEST_CASE("an object is created, lives and is deleted, and each leaves a record and a row") {
  std::string body;
  Lives lives(
      [&](const net::ServerRequest& request) {
        if (request.method == "POST") body = request.body;
        return reply(request.method == "POST" ? 201 : 200);
      },
      20ms);
  const auto start = std::chrono::steady_clock::now();
  lives.live(7);
  CHECK(std::chrono::steady_clock::now() - start >= 20ms);
  CHECK(lives.api().requests() ==
        std::vector<std::string>{"POST " + maps + "?fieldManager=a%20driver", "DELETE " + maps + "/r-7"});
  CHECK(body.find(R"("name":"r-7","namespace":"space")") != std::string::npos);
  for (const Verb verb : {Verb::create, Verb::remove}) {
    CHECK(lives.of(verb).started == 1);
    CHECK(lives.of(verb).ok() == 1);
    CHECK(lives.of(verb).attempts == 1);
  }
  CHECK(lives.population() == 0);
  CHECK(lives.uncounted() == 0);
  const std::vector<std::string> rows = lives.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].ends_with(R"(,create,"r-7","")"));
  CHECK(rows[1].ends_with(R"(,delete,"r-7","")"));
}

TEST_CASE("updates come at even distances within an object's life") {
  Lives lives(always(201, 200), 30ms, 2);
  const auto start = std::chrono::steady_clock::now();
  lives.live(7);
  CHECK(std::chrono::steady_clock::now() - start >= 30ms);
  CHECK(lives.api().count("PATCH") == 2);
  CHECK(lives.of(Verb::patch).ok() == 2);
  CHECK(lives.of(Verb::patch).scheduled.last - lives.of(Verb::patch).scheduled.first == 10ms);
  CHECK(lives.rows().size() == 4);
}

TEST_CASE("an object that shall stay is left after its last update") {
  Lives lives(always(201, 200), std::chrono::hours(2000), 0, false);
  lives.live(7);
  CHECK(lives.api().count("DELETE") == 0);
  CHECK(lives.population() == 1);
}

TEST_CASE("an object that the server refused is not deleted") {
  Lives lives(always(409, 200));
  lives.live(1);
  lives.clean_up(1s);
  CHECK(lives.api().count("DELETE") == 0);
  CHECK(lives.of(Verb::create).failed() == 1);
  CHECK(lives.of(Verb::remove).started == 0);
  CHECK(lives.population() == 0);
}

TEST_CASE("an object that may exist is deleted at the end, and that is no part of the measurement") {
  const int status = GENERATE(0, 500, 504);
  Lives lives(always(status, 200));
  lives.live(1);
  CHECK(lives.of(Verb::create).failed() == 1);
  CHECK(lives.api().count("DELETE") == 0);
  CHECK(lives.population() == 0);
  CHECK(lives.uncounted() == 1);
  lives.clean_up(1s);
  CHECK(lives.api().count("DELETE") == 1);
  CHECK(lives.uncounted() == 0);
  CHECK(lives.population() == 0);
  CHECK(lives.of(Verb::remove).started == 0);
  CHECK(lives.rows().size() == 1);
}

TEST_CASE("what may exist and is not found at the end is gone") {
  Lives lives(always(500, 404));
  lives.live(1);
  lives.clean_up(1s);
  CHECK(lives.uncounted() == 0);
}

TEST_CASE("an object that somebody else deleted is gone") {
  Lives lives(always(201, 404));
  lives.live(1);
  CHECK(lives.of(Verb::remove).failed() == 1);
  CHECK(lives.population() == 0);
  lives.clean_up(1s);
  CHECK(lives.api().count("DELETE") == 1);
}

TEST_CASE("a failed delete is made good in rounds") {
  Lives lives(deletes_with(201, {500, 500, 200}));
  lives.live(1);
  CHECK(lives.population() == 1);
  CHECK(lives.of(Verb::remove).failed() == 1);
  CHECK(lives.uncounted() == 0);
  lives.clean_up(10s);
  CHECK(lives.population() == 0);
  CHECK(lives.api().count("DELETE") == 3);
  CHECK(lives.of(Verb::remove).attempts == 1);
}

TEST_CASE("what cannot be deleted before the deadline stays in the population") {
  Lives lives(always(201, 500));
  lives.live(1);
  lives.live(2);
  lives.clean_up(0s);
  CHECK(lives.api().count("DELETE") == 4);
  CHECK(lives.population() == 2);
}

TEST_CASE("a stop ends an object's life at once") {
  Lives lives(always(201, 200), std::chrono::hours(1));
  lives.stop();
  lives.live(1);
  CHECK(lives.api().count("DELETE") == 1);
  CHECK(lives.of(Verb::remove).ok() == 1);
  CHECK(lives.of(Verb::remove).response_time.max() < std::chrono::hours(1));
  CHECK(lives.population() == 0);
}

}  // namespace k8scale::load
