#include "k8scale/net/name_lookup.h"

#include "catch.h"

namespace k8scale::net {
namespace {

using Addresses = base::Result<std::vector<boost::asio::ip::tcp::endpoint>>;

Task<Addresses> find(Shard& shard, std::string host) {
  NameLookup lookup(shard);
  Addresses found = co_await lookup.find(std::move(host), 80);
  co_return found;
}

Task<void> find_into(NameLookup& lookup, std::optional<Addresses>& found) {
  found = co_await lookup.find("localhost", 80);
}

Task<std::optional<Addresses>> give_up(Shard& shard) {
  NameLookup lookup(shard);
  std::optional<Addresses> found;
  TaskGroup running(shard);
  running.spawn(find_into(lookup, found));
  co_await sleep_for(std::chrono::nanoseconds(0));  // it has begun
  lookup.give_up();
  co_await running.wait_until_done();
  co_return found;
}

TEST_CASE("names and addresses have addresses, with the port") {
  Shard shard("names");
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const Addresses found = shard.run(find(shard, host));
    REQUIRE(found.has_value());
    REQUIRE(!found->empty());
    CHECK(found->front().address().is_loopback());
    CHECK(found->front().port() == 80);
  }
}

TEST_CASE("a name that is none is told") {
  Shard shard("names");
  const Addresses found = shard.run(find(shard, "no such name"));
  REQUIRE(found.has_error());
  CHECK(found.error().kind() == base::FailureKind::resolve);
  CHECK(found.error().detail().starts_with("no such name: "));
}

TEST_CASE("a lookup that is given up ends, whether its answer is there or not") {
  for (int i = 0; i < 50; ++i) {
    Shard shard("names");
    const std::optional<Addresses> found = shard.run(give_up(shard));
    REQUIRE(found);
    if (found->has_error()) CHECK(found->error().kind() == base::FailureKind::cancelled);
  }
}

}  // namespace
}  // namespace k8scale::net
