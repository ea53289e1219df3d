#include "k8scale/load/server_set.h"

#include <algorithm>
#include <utility>

#include "k8scale/base/log.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {
namespace {

constexpr base::Nanoseconds first_pause = std::chrono::milliseconds(800);
constexpr base::Nanoseconds longest_time_alone = std::chrono::seconds(30);
constexpr int most_timeouts = 3;
constexpr std::size_t many_waiting = 64;

// Whether no connection could be made.
bool is_unreachable(const kube::Answer& answer) {
  switch (answer.failure.value_or(base::Failure()).kind()) {
    case base::FailureKind::resolve:
    case base::FailureKind::connect:
    case base::FailureKind::tls:
      return true;
    case base::FailureKind::timeout:
      return answer.nothing_sent;
    default:
      return false;
  }
}

bool is_unanswered(const kube::Answer& answer) {
  return answer.failure && answer.failure->kind() == base::FailureKind::timeout && !answer.nothing_sent;
}

// The same for each operation, however long it is still left alone: such rows can be counted by it.
base::Failure left_alone_because(const base::Failure& failure) {
  const bool connects = failure.kind() == base::FailureKind::connect;
  return {base::FailureKind::connect,
          (connects ? failure.detail() : failure.message()) + "; not asked again yet"};
}

}  // namespace

std::optional<Balance> parse_balance(std::string_view text) {
  if (text == "random") return Balance::random;
  if (text == "round-robin") return Balance::round_robin;
  if (text == "least-outstanding") return Balance::least_outstanding;
  return std::nullopt;
}

ServerSet::ServerSet(net::Shard& shard, const Options& options, base::Random random)
    : shard_(shard), balance_(options.balance), now_(options.now), random_(random) {
  for (const kube::Configuration& each : options.servers) {
    Server& server = servers_.emplace_back();
    server.client = std::make_unique<kube::Client>(shard, each, options.credentials, options.client);
  }
}

std::size_t ServerSet::choose() {
  if (servers_.size() == 1) return 0;
  switch (balance_) {
    case Balance::round_robin:
      return next_++ % servers_.size();
    case Balance::least_outstanding:
      return choose_idlest();
    case Balance::random:
      break;
  }
  return random_.below(servers_.size());
}

std::size_t ServerSet::choose_idlest() {
  const base::SteadyTime now = now_();
  const auto rank = [now](const Server& server) {
    return std::pair(server.is_left_alone(now), server.outstanding);
  };
  auto lowest = rank(servers_.front());
  for (const Server& each : servers_) lowest = std::min(lowest, rank(each));
  std::vector<std::size_t> idlest;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (rank(servers_[i]) == lowest) idlest.push_back(i);
  }
  return idlest[random_.below(idlest.size())];
}

ServerSet::Use::Use(ServerSet& set, std::size_t server) : set_(set), server_(server) {
  Server& used = set_.servers_[server_];
  ++used.outstanding;
  if (used.pause == base::Nanoseconds(0)) return;
  if (used.is_left_alone(set_.now_())) {
    left_alone_ = left_alone_because(used.last_failure);
  } else {
    used.tried = tries_ = true;
  }
}

ServerSet::Use::~Use() {
  Server& used = set_.servers_[server_];
  --used.outstanding;
  if (tries_) used.tried = false;
}

void ServerSet::Use::ended(const kube::Answer& answer) {
  if (set_.servers_.size() == 1) return;
  Server& server = set_.servers_[server_];
  if (tries_) server.tried = false;
  const bool tried = std::exchange(tries_, false);
  if (!answer.failure) {
    server.pause = base::Nanoseconds(0);
    server.timeouts = 0;
    return;
  }
  if (is_unanswered(answer)) ++server.timeouts;
  const bool gone = is_unreachable(answer) || server.timeouts >= most_timeouts;
  const bool first = server.pause == base::Nanoseconds(0) && gone;
  const bool again = tried && answer.failure->kind() != base::FailureKind::cancelled;
  if (first || again) set_.leave_alone(server, *answer.failure);
}

void ServerSet::leave_alone(Server& server, const base::Failure& failure) {
  const base::SteadyTime now = now_();
  server.pause = std::clamp(2 * server.pause, first_pause, longest_time_alone);
  const auto extra = static_cast<double>(server.pause.count()) * random_.uniform();
  server.not_before = now + server.pause + base::Nanoseconds(static_cast<std::int64_t>(extra));
  server.last_failure = failure;
  server.timeouts = 0;
  base::log_warning(server.client->server() + ": " + failure.message() + "; tried again in " +
                    base::format_duration(server.not_before - now));
}

net::Task<void> ServerSet::prewarm(Server& server, std::size_t count) {
  const base::Result<void> ready = co_await server.client->prewarm(count);
  if (ready.has_value()) co_return;
  if (servers_.size() > 1) {
    leave_alone(server, ready.error());
  } else {
    base::log_warning(server.client->server() + ": cannot open a connection: " + ready.error().message());
  }
}

net::Task<void> ServerSet::prewarm(std::size_t count) {
  net::TaskGroup servers(shard_);
  for (Server& each : servers_) {
    if (!each.is_left_alone(now_())) servers.spawn(prewarm(each, count));
  }
  co_await servers.wait_until_done();
}

std::uint64_t ServerSet::waited_for_limit() const {
  std::uint64_t waited = 0;
  for (const Server& each : servers_) waited += each.client->connections().waited_for_limit;
  return waited;
}

Crowd ServerSet::crowd() const {
  Crowd seen{true, base::Nanoseconds(0)};
  for (const Server& each : servers_) {
    const net::PoolCounters connections = each.client->connections();
    seen.is_there = seen.is_there && connections.waiting >= many_waiting;
    seen.short_of_time += connections.short_of_time / static_cast<std::int64_t>(servers_.size());
  }
  return seen;
}

void ServerSet::stop_retrying() {
  for (Server& each : servers_) each.client->stop_retrying();
}

}  // namespace k8scale::load
