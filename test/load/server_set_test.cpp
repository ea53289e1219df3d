#include "k8scale/load/server_set.h"

#include <set>

#include "catch.h"
#include "fake_api.h"

namespace k8scale::load {
namespace {

net::Response ok(const net::ServerRequest&) { return reply(200); }

// Two servers, on the shard of the first.
struct Two {
  FakeApi first{ok};
  FakeApi second{ok};
  ServerSet set;

  explicit Two(Balance balance) : set(first.shard, options(balance), base::Random(7, "servers")) {}
  ~Two() { first.shard.stop(); }
  ServerSet::Options options(Balance balance) const {
    return {{first.configuration(), second.configuration()},
            kube::Credentials::load(first.configuration()),
            {},
            balance};
  }
};

kube::Answer failed(base::FailureKind kind) {
  kube::Answer answer;
  answer.failure = base::Failure(kind, "no");
  return answer;
}

}  // namespace

TEST_CASE("one after the other means just that") {
  Two two(Balance::round_robin);
  for (std::size_t i = 0; i < 6; ++i) CHECK(two.set.choose() == i % 2);
}

TEST_CASE("by chance each server gets its share") {
  Two two(Balance::random);
  int first = 0;
  for (int i = 0; i < 1'000; ++i) first += two.set.choose() == 0 ? 1 : 0;
  CHECK(first == Approx(500).margin(64));  // 4 standard deviations
}

TEST_CASE("the server with the fewest operations under way is chosen, any of them when there are several") {
  Two two(Balance::least_outstanding);
  std::set<std::size_t> chosen;
  for (int i = 0; i < 50; ++i) chosen.insert(two.set.choose());
  CHECK(chosen.size() == 2);
  const ServerSet::Use busy(two.set, 0);
  for (int i = 0; i < 50; ++i) CHECK(two.set.choose() == 1);
}

TEST_CASE("a server that cannot be reached is left alone for a while, any other failure changes nothing") {
  Two two(Balance::random);
  ServerSet::Use use(two.set, 1);
  use.ended(failed(base::FailureKind::reset));
  CHECK_FALSE(use.left_alone());
  use.ended(failed(base::FailureKind::connect));
  REQUIRE(use.left_alone());
  CHECK(use.left_alone()->kind() == base::FailureKind::connect);
  CHECK_FALSE(ServerSet::Use(two.set, 0).left_alone());
}

TEST_CASE("a server that is left alone is not the one with the fewest operations") {
  Two two(Balance::least_outstanding);
  ServerSet::Use(two.set, 0).ended(failed(base::FailureKind::connect));
  const ServerSet::Use busy(two.set, 1);
  for (int i = 0; i < 50; ++i) CHECK(two.set.choose() == 1);
}

TEST_CASE("the only server is always asked") {
  FakeApi api(ok);
  ServerSet::Use use(*api.servers, 0);
  use.ended(failed(base::FailureKind::connect));
  CHECK_FALSE(use.left_alone());
}

TEST_CASE("balances have names") {
  CHECK(parse_balance("random") == Balance::random);
  CHECK(parse_balance("round-robin") == Balance::round_robin);
  CHECK(parse_balance("least-outstanding") == Balance::least_outstanding);
  CHECK_FALSE(parse_balance("any"));
}

}  // namespace k8scale::load
