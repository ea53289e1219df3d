#include "metrics_endpoint.h"

#include <fmt/format.h>

#include <mutex>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/measure/metrics.h"
#include "k8scale/measure/process.h"
#include "k8scale/net/server.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

struct MetricsEndpoint::State {
  std::mutex mutex;
  measure::Snapshot snapshot;
  measure::Pace pace;
  net::Shard shard{"metrics"};
  std::unique_ptr<net::Server> server;

  net::Task<void> answer(const net::ServerRequest& request, net::Responder& responder);
};

net::Task<void> MetricsEndpoint::State::answer(const net::ServerRequest& request, net::Responder& responder) {
  net::Response response;
  const bool known = net::split_target(request.target).first == "/metrics";
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (known && reads) {
    response.status = 200;
    response.headers.add("Content-Type", measure::metrics_content_type);
    const std::lock_guard lock(mutex);
    response.body = measure::metrics_text(snapshot, pace, measure::read_process());
  } else {
    response.status = known ? 405 : 404;
    response.headers.add("Content-Type", "text/plain; charset=utf-8");
    response.body = known ? "expected GET\n" : "expected /metrics\n";
  }
  const base::Result<void> sent = co_await responder.send(std::move(response));
  static_cast<void>(sent);
}

MetricsEndpoint::MetricsEndpoint(const std::string& address, bool is_default)
    : state_(std::make_unique<State>()) {
  const auto endpoint = net::parse_host_port(address, "0.0.0.0");
  if (endpoint.has_error()) throw base::Error("-metricport: " + endpoint.error().detail());
  net::ServerOptions options;
  options.address = endpoint->host;
  options.port = endpoint->port;
  State* const state = state_.get();
  auto server = net::Server::listen(state_->shard, std::move(options),
                                    [state](const net::ServerRequest& request, net::Responder& responder) {
                                      return state->answer(request, responder);
                                    });
  if (server.has_value()) {
    state_->server = std::move(*server);
    base::log_verbose(1, fmt::format("metrics on port {}", state_->server->port()));
    return;
  }
  if (!is_default) throw base::Error("-metricport: " + server.error().detail());
  base::log_warning("no metrics: " + server.error().detail() + "; -metricport chooses another port");
}

MetricsEndpoint::~MetricsEndpoint() {
  if (state_->server) state_->shard.run(state_->server->stop(base::Nanoseconds(0)));
}

void MetricsEndpoint::publish(const measure::Snapshot& snapshot, const measure::Pace& pace) {
  const std::lock_guard lock(state_->mutex);
  state_->snapshot = snapshot;
  state_->pace = pace;
}

}  // namespace k8scale::subcommands
