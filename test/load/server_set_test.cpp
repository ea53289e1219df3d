#include "k8scale/load/server_set.h"

#include <memory>
#include <set>

#include "catch.h"
#include "fake_api.h"

namespace k8scale::load {
namespace {

net::Response ok(const net::ServerRequest&) { return reply(200); }

// Longer than any pause.
constexpr auto long_time = std::chrono::minutes(2);

// Two servers, on the shard of the first. Time stands still until it is moved.
struct Two {
  FakeApi first{ok};
  FakeApi second{ok};
  base::SteadyTime now{std::chrono::hours(1)};
  ServerSet set;
  net::StopFirst stop_first{first.shard};

  explicit Two(Balance balance) : set(first.shard, options(balance), base::Random(7, "servers")) {}
  ServerSet::Options options(Balance balance) {
    return {{first.configuration(), second.configuration()},
            kube::Credentials::load(first.configuration()),
            {},
            balance,
            [this] { return now; }};
  }
  // The operation that tries the first server after its pause.
  std::unique_ptr<ServerSet::Use> trial() {
    now += long_time;
    auto use = std::make_unique<ServerSet::Use>(set, 0);
    REQUIRE_FALSE(use->left_alone());
    return use;
  }
};

kube::Answer failed(base::FailureKind kind) {
  kube::Answer answer;
  answer.failure = base::Failure(kind, "no");
  return answer;
}
// It was sent, and nothing came.
kube::Answer unanswered() { return failed(base::FailureKind::timeout); }
// Nobody took the connection, or nobody said anything on it.
kube::Answer not_taken() {
  kube::Answer answer = unanswered();
  answer.nothing_sent = true;
  return answer;
}
bool is_left_alone(ServerSet& set, std::size_t server) {
  return ServerSet::Use(set, server).left_alone().has_value();
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

TEST_CASE("a server that cannot be reached is left alone for a while, a broken connection changes nothing") {
  Two two(Balance::random);
  ServerSet::Use(two.set, 1).ended(failed(base::FailureKind::reset));
  ServerSet::Use use(two.set, 1);
  CHECK_FALSE(use.left_alone());
  use.ended(failed(base::FailureKind::connect));
  const ServerSet::Use next(two.set, 1);
  REQUIRE(next.left_alone());
  CHECK(next.left_alone()->message() == "connect: no; not asked again yet");
  CHECK_FALSE(ServerSet::Use(two.set, 0).left_alone());
}

TEST_CASE("a server that takes no connection in time is left alone") {
  Two two(Balance::random);
  ServerSet::Use(two.set, 1).ended(not_taken());
  CHECK(ServerSet::Use(two.set, 1).left_alone()->message() == "connect: timeout: no; not asked again yet");
  CHECK_FALSE(is_left_alone(two.set, 0));
}

TEST_CASE("a server that leaves requests without an answer is left alone after the third in a row") {
  Two two(Balance::random);
  for (int i = 0; i < 2; ++i) ServerSet::Use(two.set, 0).ended(unanswered());
  ServerSet::Use(two.set, 0).ended({});
  for (int i = 0; i < 2; ++i) ServerSet::Use(two.set, 0).ended(unanswered());
  CHECK_FALSE(is_left_alone(two.set, 0));
  ServerSet::Use(two.set, 0).ended(unanswered());
  CHECK(is_left_alone(two.set, 0));
  two.trial()->ended({});
  ServerSet::Use(two.set, 0).ended(unanswered());
  CHECK_FALSE(is_left_alone(two.set, 0));
}

TEST_CASE("a server to which no connection can be opened before the run is left alone from the start") {
  FakeApi api(ok);
  kube::Configuration dead = api.configuration();
  dead.server.port = 1;
  const std::vector<kube::Configuration> servers{api.configuration(), dead};
  ServerSet set(api.shard, {servers, kube::Credentials::load(dead), {}, Balance::random},
                base::Random(7, "servers"));
  const net::StopFirst stop_first(api.shard);
  api.shard.run(set.prewarm(1));
  CHECK(is_left_alone(set, 1));
  for (int i = 0; i < 50; ++i) CHECK(set.choose_idlest() == 0);
}

TEST_CASE(
    "pauses begin with 0.8 s, and become twice as long, up to 30 s, each up to as much again by chance") {
  Two two(Balance::random);
  const auto is_alone_after = [&](std::chrono::milliseconds time) {
    two.now += time;
    const bool alone = is_left_alone(two.set, 0);
    two.now -= time;
    return alone;
  };
  ServerSet::Use(two.set, 0).ended(failed(base::FailureKind::connect));
  for (std::chrono::milliseconds pause(800); pause.count() < 100'000; pause *= 2) {
    const auto expected = std::min<std::chrono::milliseconds>(pause, std::chrono::seconds(30));
    CHECK(is_alone_after(expected - std::chrono::milliseconds(1)));
    CHECK_FALSE(is_alone_after(2 * expected));
    two.trial()->ended(failed(base::FailureKind::connect));
  }
}

TEST_CASE("after the pause one operation tries the server, and the others wait for what comes of it") {
  Two two(Balance::least_outstanding);
  ServerSet::Use(two.set, 0).ended(failed(base::FailureKind::connect));
  const auto trial = two.trial();
  CHECK(is_left_alone(two.set, 0));
  const ServerSet::Use busy(two.set, 1);
  for (int i = 0; i < 50; ++i) CHECK(two.set.choose() == 1);
  SECTION("an answer brings it back") {
    trial->ended({});
    CHECK_FALSE(ServerSet::Use(two.set, 0).left_alone());
    CHECK_FALSE(ServerSet::Use(two.set, 0).left_alone());
  }
  SECTION("whatever keeps the answer away makes another pause") {
    trial->ended(failed(base::FailureKind::timeout));
    CHECK(is_left_alone(two.set, 0));
  }
}

TEST_CASE("a trial that comes to nothing is followed by another") {
  Two two(Balance::random);
  ServerSet::Use(two.set, 0).ended(failed(base::FailureKind::connect));
  two.trial().reset();
  two.trial()->ended(failed(base::FailureKind::cancelled));
  CHECK_FALSE(ServerSet::Use(two.set, 0).left_alone());
}

TEST_CASE("what fails late, of before the pause, does not make it longer") {
  Two two(Balance::random);
  ServerSet::Use late(two.set, 0);
  ServerSet::Use(two.set, 0).ended(failed(base::FailureKind::connect));
  const auto trial = two.trial();
  late.ended(failed(base::FailureKind::connect));
  trial->ended({});
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
