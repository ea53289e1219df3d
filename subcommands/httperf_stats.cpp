#include "httperf_stats.h"

#include <atomic>

namespace k8scale::subcommands {
namespace {

using Clock = std::chrono::steady_clock;

constexpr base::Nanoseconds patience = std::chrono::seconds(2);

net::PoolOptions pool_options(const blocks::ClientOptions& options, std::shared_ptr<net::TlsClient> tls) {
  net::PoolOptions pool;
  pool.server = options.server;
  pool.tls = std::move(tls);
  pool.connect_timeout = pool.handshake_timeout = pool.request_timeout = patience;
  return pool;
}

}  // namespace

struct ServerStats::Reading {
  nlohmann::ordered_json figures;
  bool timed_out = false;
  std::atomic<bool> done = false;
};

ServerStats::ServerStats(const blocks::ClientOptions& options, std::shared_ptr<net::TlsClient> tls,
                         base::StopSignals& signals)
    : signals_(signals), pool_(shard_, pool_options(options, std::move(tls))) {
  request_.target = options.path_prefix + "/stats";
  request_.headers.add("Connection", "close");  // it takes no place of those that are measured
}

net::Task<void> ServerStats::ask(std::shared_ptr<Reading> reading) {
  const net::Exchange exchange = co_await pool_.exchange(request_, true);
  if (!exchange.failure && exchange.response.status == 200) {
    reading->figures = nlohmann::ordered_json::parse(exchange.response.body, nullptr, false);
  }
  reading->timed_out = exchange.failure && exchange.failure->kind() == base::FailureKind::timeout;
  reading->done = true;
  signals_.wake();
}

ServerStats::Answer ServerStats::read() {
  Answer answer;
  if (silent_) return answer;
  const auto reading = std::make_shared<Reading>();
  shard_.spawn(ask(reading));
  const base::SteadyTime end = Clock::now() + patience;
  while (!reading->done && !answer.signal && Clock::now() < end) answer.signal = signals_.wait_until(end);
  silent_ = !reading->done || reading->timed_out;
  if (!silent_) answer.figures = std::move(reading->figures);
  return answer;
}

}  // namespace k8scale::subcommands
