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
    return std::pair(server.not_before > now, server.outstanding);
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
  ++set_.servers_[server_].outstanding;
}

ServerSet::Use::~Use() { --set_.servers_[server_].outstanding; }

std::optional<base::Failure> ServerSet::Use::left_alone() const {
  const Server& server = set_.servers_[server_];
  const base::Nanoseconds left = server.not_before - Clock::now();
  if (left <= base::Nanoseconds(0)) return std::nullopt;
  return base::Failure(base::FailureKind::connect, "not asked for another " + base::format_duration(left) +
                                                       ", because of " + server.last_failure.message());
}

void ServerSet::Use::ended(const kube::Answer& answer) {
  if (set_.servers_.size() == 1) return;
  Server& server = set_.servers_[server_];
  if (!answer.failure) {
    server.pause = base::Nanoseconds(0);
    return;
  }
  const base::SteadyTime now = Clock::now();
  if (!is_unreachable(*answer.failure) || now < server.not_before) return;
  server.pause = std::clamp(2 * server.pause, first_pause, longest_pause);
  const auto extra = static_cast<double>(server.pause.count()) * set_.random_.uniform();
  server.not_before = now + server.pause + base::Nanoseconds(static_cast<std::int64_t>(extra));
  server.last_failure = *answer.failure;
  base::log_warning(server.client->server() + ": " + answer.failure->message() + "; tried again in " +
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
