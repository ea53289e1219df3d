#include "httperf_stats.h"

namespace k8scale::subcommands {
namespace {

constexpr base::Nanoseconds patience = std::chrono::seconds(2);

net::PoolOptions pool_options(const blocks::ClientOptions& options) {
  net::PoolOptions pool;
  pool.server = options.server;
  pool.tls = options.tls;
  pool.connect_timeout = pool.handshake_timeout = pool.request_timeout = patience;
  return pool;
}

}  // namespace

ServerStats::ServerStats(const blocks::ClientOptions& options) : pool_(shard_, pool_options(options)) {
  request_.target = options.path_prefix + "/stats";
}

nlohmann::ordered_json ServerStats::read() {
  const net::Exchange exchange = shard_.run(pool_.exchange(request_, true));
  if (exchange.failure || exchange.response.status != 200) return nullptr;
  return nlohmann::ordered_json::parse(exchange.response.body, nullptr, false);
}

}  // namespace k8scale::subcommands
