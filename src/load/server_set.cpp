#include "k8scale/load/server_set.h"

#include <algorithm>
#include <utility>

#include "k8scale/base/log.h"

namespace k8scale::load {
namespace {

using Clock = std::chrono::steady_clock;

constexpr base::Nanoseconds first_pause = std::chrono::milliseconds(800);
constexpr base::Nanoseconds longest_pause = std::chrono::seconds(30);

// Whether no connection could be made.
bool is_unreachable(const base::Failure& failure) {
  switch (failure.kind()) {
    case base::FailureKind::resolve:
    case base::FailureKind::connect:
    case base::FailureKind::tls:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<Balance> parse_balance(std::string_view text) {
  if (text == "random") return Balance::random;
  if (text == "round-robin") return Balance::round_robin;
  if (text == "least-outstanding") return Balance::least_outstanding;
  return std::nullopt;
}

ServerSet::ServerSet(net::Shard& shard, const Options& options, base::Random random)
    : balance_(options.balance), random_(random) {
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
      return least_outstanding();
    case Balance::random:
      break;
  }
  return random_.below(servers_.size());
}

// Any of those that have the fewest; not one that is left alone, which would always have, unless all are.
std::size_t ServerSet::least_outstanding() {
  const base::SteadyTime now = Clock::now();
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
  const base::SteadyTime now = Clock::now();
  if (used.is_left_alone(now)) {
    const std::string until =
        used.tried ? "while it is tried" : "for another " + base::format_duration(used.not_before - now);
    left_alone_ = base::Failure(base::FailureKind::connect,
                                "not asked " + until + ", because of " + used.last_failure.message());
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
    return;
  }
  const bool first = server.pause == base::Nanoseconds(0) && is_unreachable(*answer.failure);
  const bool again = tried && answer.failure->kind() != base::FailureKind::cancelled;
  if (first || again) set_.leave_alone(server, *answer.failure);
}

void ServerSet::leave_alone(Server& server, const base::Failure& failure) {
  const base::SteadyTime now = Clock::now();
  server.pause = std::clamp(2 * server.pause, first_pause, longest_pause);
  const auto extra = static_cast<double>(server.pause.count()) * random_.uniform();
  server.not_before = now + server.pause + base::Nanoseconds(static_cast<std::int64_t>(extra));
  server.last_failure = failure;
  base::log_warning(server.client->server() + ": " + failure.message() + "; tried again in " +
                    base::format_duration(server.not_before - now));
}

net::Task<void> ServerSet::prewarm(std::size_t count) {
  for (Server& each : servers_) {
    const base::Result<void> ready = co_await each.client->prewarm(count);
    if (ready.has_error()) {
      base::log_warning(each.client->server() + ": cannot open a connection: " + ready.error().message());
    }
  }
}

std::uint64_t ServerSet::waited_for_limit() const {
  std::uint64_t waited = 0;
  for (const Server& each : servers_) waited += each.client->connections().waited_for_limit;
  return waited;
}

void ServerSet::stop_retrying() {
  for (Server& each : servers_) each.client->stop_retrying();
}

}  // namespace k8scale::load
