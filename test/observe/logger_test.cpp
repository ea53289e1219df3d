#include "k8scale/observe/logger.h"

#include <future>
#include <regex>

#include "catch.h"
#include "k8scale/base/text.h"
#include "measure/sample.h"
#include "observe/views.h"

namespace k8scale::observe {
namespace {

using namespace std::chrono_literals;

// The shape of the original's rows.
const std::string moment = R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})";
const std::regex ten_columns(moment +
                             R"re(,(create|update|delete),"[^"]*",\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)re" +
                             R"(,\d+,\d+,\d+,)" + moment + "," + moment + ",[023]");

// A logger on a shard of its own, under a clock that each test sets.
class Bench {
  template <class Work>
  auto on_shard(Work work) {
    std::promise<decltype(work())> promise;
    shard_.post([&] {
      if constexpr (std::is_void_v<decltype(work())>) {
        work();
        promise.set_value();
      } else {
        promise.set_value(work());
      }
    });
    return promise.get_future().get();
  }

 public:
  explicit Bench(LoggerOptions options = {}) : logger_(shard_, options, rows_, [this] { return now_; }) {
    shard_.spawn(run());
  }

  // Runs on the shard, then lets the workers take what is queued.
  void step(const std::function<void(Teller&)>& what) {
    on_shard([&] {
      Teller tell(logger_.sink());
      what(tell);
    });
    while (on_shard([&] { return logger_.snapshot(); }).queued > 0) {
    }
  }
  void wait(base::Nanoseconds duration) {
    on_shard([&] { now_ = {now_.steady + duration, now_.wall + duration}; });
  }
  LoggerSnapshot snapshot() {
    return on_shard([&] { return logger_.snapshot(); });
  }
  std::vector<std::string> rows() {
    REQUIRE(rows_.flush(10s));
    auto lines = base::split(*base::read_file(folder_ / "rows.csv"), '\n');
    lines.pop_back();
    return lines;
  }
  void stop() {
    shard_.post([this] { logger_.stop(); });
    ended_.get_future().wait();
  }

 private:
  net::Task<void> run() {
    co_await logger_.run();
    ended_.set_value();
  }
  measure::TemporaryFolder folder_;
  measure::RowLog rows_{folder_ / "rows.csv", "-data-filname", 2};
  Moment now_{base::SteadyTime(1000s), base::WallTime(1795532645123ms)};  // 2026-11-24 15:04:05.123
  std::promise<void> ended_;
  net::Shard shard_{"logger"};
  Logger logger_;
  net::StopFirst stop_first_{shard_};
};

TEST_CASE("creations, updates and deletions become rows of the original's shape") {
  Bench bench;
  bench.step([](Teller& tell) { tell.list("1"); });
  bench.step([](Teller& tell) { tell.added({"a", "2"}); });
  bench.wait(1s);
  bench.step([](Teller& tell) { tell.modified({"a", "3"}); });
  bench.wait(1s);
  bench.step([](Teller& tell) { tell.deleted({"a", "4"}); });
  const auto rows = bench.rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0] ==
        "2026-11-24 15:04:05.123,create,\"n/a\",2023-11-14 22:13:20,1,0,0,"
        "2026-11-24 15:04:05.123,2026-11-24 15:04:05.123,0");
  CHECK(rows[1] ==
        "2026-11-24 15:04:06.123,update,\"n/a\",2023-11-14 22:13:20,0,1,0,"
        "2026-11-24 15:04:06.123,2026-11-24 15:04:06.123,3");
  CHECK(rows[2] ==
        "2026-11-24 15:04:07.123,delete,\"n/a\",2000-01-01 00:00:00,0,0,1,"
        "2026-11-24 15:04:07.123,2026-11-24 15:04:07.123,0");
  for (const std::string& row : rows) CHECK(std::regex_match(row, ten_columns));
  CHECK(bench.snapshot().objects == 0);
}

TEST_CASE("what is queued for a key before a worker comes is one row") {
  Bench bench;
  bench.step([](Teller& tell) {
    tell.list("1");
    tell.added({"a", "2"});
    tell.modified({"a", "3"});
    tell.modified({"a", "4"});
  });
  bench.step([](Teller& tell) {
    tell.added({"b", "5"});
    tell.deleted({"b", "6"});
  });
  const auto rows = bench.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].find(",create,\"n/a\",2023-11-14 22:13:20,1,2,0,") != std::string::npos);
  CHECK(rows[1].find(",delete,\"n/b\",2000-01-01 00:00:00,1,0,1,") != std::string::npos);
  CHECK(bench.snapshot().log.stranges == 2);
}

TEST_CASE("an object that is created again before its deletion was seen is an update") {
  Bench bench;
  bench.step([](Teller& tell) { tell.list("1", SampleObject{"a", "1"}); });
  bench.step([](Teller& tell) {
    tell.deleted({"a", "2"});
    tell.added({"a", "3"});
  });
  CHECK(bench.rows()[1].find(",update,\"n/a\",2023-11-14 22:13:20,1,0,1,") != std::string::npos);
}

TEST_CASE("a state that was seen before is a duplicate, and nothing else") {
  Bench bench;
  bench.step([](Teller& tell) {
    tell.list("1");
    tell.added({"a", "2"});
  });
  bench.step([](Teller& tell) { tell.modified({"a", "3"}); });
  bench.step([](Teller& tell) { tell.modified({"a", "3"}); });
  CHECK(bench.rows()[1].ends_with(",3"));
  CHECK(bench.rows()[2].ends_with(",2"));
  const LogTotals log = bench.snapshot().log;
  CHECK(log.duplicates == 1);
  CHECK(log.single_updates == 1);
  CHECK(log.stranges == 0);
}

TEST_CASE("without comparison nothing is a duplicate") {
  LoggerOptions options;
  options.compare = Compare::no;
  Bench bench(options);
  bench.step([](Teller& tell) {
    tell.list("1");
    tell.added({"a", "2"});
  });
  bench.step([](Teller& tell) { tell.modified({"a", "2"}); });
  CHECK(bench.rows()[1].ends_with(",0"));
  CHECK(bench.snapshot().log.duplicates == 0);
  CHECK(bench.snapshot().log.single_updates == 1);
}

TEST_CASE("nine columns have no comparison") {
  LoggerOptions options;
  options.columns = Columns::nine;
  Bench bench(options);
  bench.step([](Teller& tell) { tell.list("1", SampleObject{"a", "1"}); });
  CHECK(base::split(bench.rows()[0], ',').size() == 9);
}

TEST_CASE("latencies are from the annotation of the one change to the dequeue") {
  Bench bench;
  const std::string_view second_before = "2026-11-24 15:04:04.123 +0000";
  const std::string_view later = "2026-11-24 15:04:05.223 +0000";
  bench.step([&](Teller& tell) { tell.list("1", SampleObject{"old", "1", {second_before, ""}}); });
  bench.step([&](Teller& tell) { tell.added({"a", "2", {second_before, ""}}); });
  bench.step([&](Teller& tell) { tell.modified({"a", "3", {second_before, later}}); });
  bench.step([&](Teller& tell) {
    tell.added({"b", "4", {second_before, ""}});
    tell.modified({"b", "5", {second_before, later}});
  });
  bench.step([&](Teller& tell) { tell.added({"c", "6"}); });
  const LogTotals log = bench.snapshot().log;
  CHECK(log.create_buckets.count == 2);
  CHECK(log.create_buckets.sum == Approx(2));
  CHECK(log.create_buckets.counts[7] == 2);  // up to 1 s
  CHECK(log.create_latency.times.count() == 1);
  CHECK(log.update_buckets.count == 1);
  CHECK(log.update_buckets.sum == Approx(-0.1));
  CHECK(log.update_buckets.counts[0] == 1);
  CHECK(log.update_latency.negative == 1);
  CHECK(log.stranges == 1);
}

TEST_CASE("after a stop what is queued is still logged") {
  LoggerOptions options;
  options.workers = 3;
  Bench bench(options);
  bench.step([](Teller& tell) { tell.list("1", SampleObject{"a", "1"}, SampleObject{"b", "1"}); });
  bench.stop();
  CHECK(bench.rows().size() == 2);
  CHECK(bench.snapshot().log.creates == 2);
}

}  // namespace
}  // namespace k8scale::observe
