#include "k8scale/load/write_feed.h"

#include <fmt/format.h>

#include <future>
#include <string>
#include <thread>
#include <vector>

#include "catch.h"

namespace k8scale::load {
namespace {

TEST_CASE("writes of a driver's shard come to the other shard in their order, and then its end") {
  net::Shard driver("driver");
  net::Shard watcher("watcher");
  std::vector<std::string> names;
  std::size_t batches = 0;
  std::promise<std::thread::id> closed;
  const auto take = [&](WriteFeed::Batch batch) {
    ++batches;
    for (const FinishedWrite& each : batch) names.push_back(each.operation.object_name);
  };
  WriteFeed feed(driver, watcher, take, [&] { closed.set_value(std::this_thread::get_id()); });
  constexpr int count = 1000;
  driver.post([&feed] {
    for (int i = 0; i < count; ++i) {
      FinishedWrite write;
      write.operation.object_name = fmt::format("run-{}", i);
      feed.add(std::move(write));
    }
    feed.close();
  });
  CHECK(closed.get_future().get() != std::this_thread::get_id());
  REQUIRE(names.size() == count);
  for (int i = 0; i < count; ++i) CHECK(names[static_cast<std::size_t>(i)] == fmt::format("run-{}", i));
  CHECK(batches == 1);
  driver.stop();
  watcher.stop();
}

TEST_CASE("writes are handed over soon, also when no others follow") {
  net::Shard driver("driver");
  net::Shard watcher("watcher");
  std::promise<std::size_t> taken;
  WriteFeed feed(
      driver, watcher, [&](const WriteFeed::Batch& batch) { taken.set_value(batch.size()); }, [] {});
  driver.post([&feed] { feed.add({}); });
  CHECK(taken.get_future().get() == 1);
  driver.stop();
  watcher.stop();
}

}  // namespace
}  // namespace k8scale::load
