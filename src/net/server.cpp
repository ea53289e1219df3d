#include "k8scale/net/server.h"

#include "k8scale/base/log.h"
#include "k8scale/net/as_result.h"
#include "k8scale/net/listener.h"
#include "k8scale/net/wait.h"
#include "net/server_connection.h"

namespace k8scale::net {
namespace asio = boost::asio;

namespace {

// Pause before the next try when there are no more file descriptors.
constexpr auto accept_pause = std::chrono::milliseconds(50);

}  // namespace

struct Server::State {
  Shard& shard;
  std::shared_ptr<ServerShared> shared;
  Acceptor acceptor;
  std::uint16_t port = 0;
  std::size_t open = 0;
  Signal all_ended;
  boost::intrusive::list<ServerConnection, boost::intrusive::constant_time_size<false>> connections;

  State(Shard& on, ServerOptions options, Handler handler)
      : shard(on),
        shared(std::make_shared<ServerShared>(std::move(options), std::move(handler))),
        acceptor(on.executor()),
        all_ended(on) {}

  base::Result<void> bind();
  void close() {
    shared->stopping = true;
    boost::system::error_code ignored;
    acceptor.close(ignored);
  }
  void cut() {
    for (ServerConnection& connection : connections) connection.cut();
  }

  static Task<void> accept(std::shared_ptr<State> state);
  static Task<void> serve(std::shared_ptr<State> state, Socket socket);
  static Task<void> stop(std::shared_ptr<State> state, base::Nanoseconds grace);
};

base::Result<void> Server::State::bind() {
  base::Result<void> listening = listen_on(acceptor, shared->options.address, shared->options.port);
  if (listening.has_error()) return listening;
  boost::system::error_code ignored;
  port = acceptor.local_endpoint(ignored).port();
  return {};
}

Task<void> Server::State::accept(std::shared_ptr<State> state) {
  while (state->acceptor.is_open()) {
    auto [error, socket] = co_await state->acceptor.async_accept(as_result);
    if (!state->acceptor.is_open()) break;
    if (error) {
      base::log_verbose(1, "cannot accept a connection: " + error.message());
      co_await sleep_for(accept_pause);
    } else {
      state->shard.spawn(serve(state, std::move(socket)));
    }
  }
}

Task<void> Server::State::serve(std::shared_ptr<State> state, Socket socket) {
  ++state->open;
  {
    ServerConnection connection(state->shard, state->shared, std::move(socket));
    state->connections.push_back(connection);
    co_await connection.serve();
  }
  if (--state->open == 0) state->all_ended.raise();
}

Task<void> Server::State::stop(std::shared_ptr<State> state, base::Nanoseconds grace) {
  state->close();
  for (ServerConnection& connection : state->connections) connection.end_if_idle();
  const base::SteadyTime deadline = std::chrono::steady_clock::now() + grace;
  bool in_time = true;
  while (state->open > 0 && in_time) {
    state->all_ended.lower();
    in_time = co_await state->all_ended.wait_until(deadline);
  }
  state->cut();
  while (state->open > 0) {
    state->all_ended.lower();
    co_await state->all_ended.wait();
  }
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  state_->shard.post([state = state_] {
    state->close();
    state->cut();
  });
}

base::Result<std::unique_ptr<Server>> Server::listen(Shard& shard, ServerOptions options, Handler handler) {
  auto state = std::make_shared<State>(shard, std::move(options), std::move(handler));
  const base::Result<void> bound = state->bind();
  if (bound.has_error()) return bound.error();
  shard.spawn(State::accept(state));
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::uint16_t Server::port() const { return state_->port; }

std::size_t Server::open_connections() const { return state_->open; }

Task<void> Server::stop(base::Nanoseconds grace) { return State::stop(state_, grace); }

}  // namespace k8scale::net
