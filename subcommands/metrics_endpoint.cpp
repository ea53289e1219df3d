#include "metrics_endpoint.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/measure/exposition.h"
#include "k8scale/net/server.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/url.h"

namespace k8scale::subcommands {

namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

}  // namespace

struct MetricsEndpoint::State {
  State(profile::Askers who, Text what) : askers(who), text(std::move(what)) {}

  profile::Askers askers;
  Text text;
  net::Shard shard{"metrics"};
  std::unique_ptr<net::Server> server;

  [[nodiscard]] net::Response respond(const net::ServerRequest& request) const;
  net::Task<void> answer(const net::ServerRequest& request, net::Responder& responder);
};

net::Response MetricsEndpoint::State::respond(const net::ServerRequest& request) const {
  const std::string_view path = net::split_target(request.target).first;
  const bool metrics = path == "/metrics";
  const bool known = metrics || path == "/healthz";
  const bool reads = request.method == "GET" || request.method == "HEAD";
  net::Response response;
  response.status = !known ? 404 : reads ? 200 : 405;
  response.headers.add("Content-Type", metrics && reads ? measure::metrics_content_type : plain_text);
  if (!known) {
    response.body = "expected /metrics, /healthz or /debug/pprof\n";
  } else if (!reads) {
    response.body = "expected GET\n";
  } else {
    response.body = metrics ? text() : "ok\n";
  }
  return response;
}

net::Task<void> MetricsEndpoint::State::answer(const net::ServerRequest& request, net::Responder& responder) {
  if (profile::is_profile_path(net::split_target(request.target).first)) {
    co_await profile::answer(request, askers, responder);
    co_return;
  }
  net::Response response = respond(request);
  const base::Result<void> sent = co_await responder.send(std::move(response));
  static_cast<void>(sent);
}

MetricsEndpoint::MetricsEndpoint(const std::string& address, bool is_default, profile::Askers askers,
                                 Text text)
    : state_(std::make_unique<State>(askers, std::move(text))) {
  const auto endpoint = net::parse_host_port(address, net::any_address);
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

}  // namespace k8scale::subcommands
