#include "k8scale/blocks/server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <vector>

#include "blocks/server_shard.h"
#include "k8scale/base/log.h"
#include "k8scale/measure/report.h"
#include "k8scale/net/as_result.h"
#include "k8scale/net/listener.h"
#include "k8scale/net/wait.h"

namespace k8scale::blocks {
namespace asio = boost::asio;
using net::Task;

namespace {

// Pause before the next try when there are no more file descriptors.
constexpr auto accept_pause = std::chrono::milliseconds(50);
// Connections beyond the limit that may wait to be told so.
constexpr std::uint64_t most_refused_at_once = 256;
constexpr int most_accepted_at_once = 4;  // each begins a handshake, which takes memory while it lasts

}  // namespace

void ServerFigures::merge(const ServerFigures& other) {
  connections += other.connections;
  open_connections += other.open_connections;
  requests += other.requests;
  bytes += other.bytes;
  refused += other.refused;
  broken_off += other.broken_off;
  failed_handshakes += other.failed_handshakes;
  retransmits += other.retransmits;
  cpu += other.cpu;
  lateness.merge(other.lateness);
}

nlohmann::ordered_json to_json(const ServerFigures& figures) {
  return {{"started", measure::rfc3339_millis(figures.started)},
          {"connections", figures.connections},
          {"open_connections", figures.open_connections},
          {"requests", figures.requests},
          {"bytes", figures.bytes},
          {"refused", figures.refused},
          {"broken_off", figures.broken_off},
          {"failed_handshakes", figures.failed_handshakes},
          {"retransmits", figures.retransmits},
          {"cpu", figures.cpu.count()},
          {"lateness", measure::to_json(figures.lateness)}};
}

ServerFigures ServerShard::look() const {
  ServerFigures now = figures;
  for (const ServerConnection& connection : connections) {
    ++now.open_connections;
    now.retransmits += connection.tcp_figures().retransmits;
  }
  now.cpu = shard.cpu_time();
  return now;
}

const std::string& ServerShard::date_line() {
  const std::time_t now = std::time(nullptr);
  if (now != date_second_) {
    date_second_ = now;
    date_line_ = fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} GMT\r\n", fmt::gmtime(now));
  }
  return date_line_;
}

class Server::State {
 public:
  explicit State(ServerOptions options);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] base::Result<void> bind();
  void start(const std::shared_ptr<net::TlsServer>& tls);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] ServerFigures figures() const;

 private:
  // These three on the first shard.
  [[nodiscard]] Task<void> accept();
  [[nodiscard]] boost::system::error_code accept_all();
  void admit(ServerShard& target, Socket socket);
  [[nodiscard]] static Task<void> serve(ServerShard& shard, Socket socket, std::unique_ptr<Place> place,
                                        Admission admission);
  [[nodiscard]] Task<ServerFigures> look_at_all();
  [[nodiscard]] static Task<ServerFigures> look(ServerShard& shard);

  ServerOptions options_;
  std::vector<std::unique_ptr<ServerShard>> shards_;
  std::unique_ptr<net::Acceptor> acceptor_;
  std::uint16_t port_ = 0;
  std::size_t next_ = 0;  // the shard that serves the next connection
  std::atomic<std::uint64_t> open_ = 0;
  base::WallTime started_;
};

Server::State::State(ServerOptions options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < options_.threads; ++i) {
    shards_.push_back(std::make_unique<ServerShard>(static_cast<int>(i), options_));
    shards_.back()->all_figures = [this] { return look_at_all(); };
  }
  acceptor_ = std::make_unique<net::Acceptor>(shards_.front()->shard.executor());
}

Server::State::~State() {
  for (const auto& each : shards_) each->shard.stop();
}

void Server::State::start(const std::shared_ptr<net::TlsServer>& tls) {
  started_ = std::chrono::system_clock::now();
  for (const auto& each : shards_) each->tls = tls;
  shards_.front()->shard.spawn(accept());
}

base::Result<void> Server::State::bind() {
  base::Result<void> listening = net::listen_on(*acceptor_, options_.address, options_.port);
  if (listening.has_error()) return listening;
  boost::system::error_code ignored;
  port_ = acceptor_->local_endpoint(ignored).port();
  return {};
}

Task<void> Server::State::accept() {
  boost::system::error_code error;
  acceptor_->non_blocking(true, error);
  for (;;) {
    error = accept_all();
    if (error == asio::error::would_block) {
      const auto [waited] = co_await acceptor_->async_wait(net::Acceptor::wait_read, net::as_result);
      error = waited;
    } else if (!error) {
      co_await net::yield_turn();
    }
    if (!error) continue;
    base::log_verbose(1, "cannot accept a connection: " + error.message());
    co_await net::sleep_for(accept_pause);
  }
}

// Those that wait, up to some: what else the thread does may take long.
boost::system::error_code Server::State::accept_all() {
  boost::system::error_code error;
  for (int accepted = 0; accepted < most_accepted_at_once; ++accepted) {
    ServerShard& target = *shards_[next_];
    Socket socket(target.shard.executor());
    acceptor_->accept(socket, error);
    if (error) break;
    admit(target, std::move(socket));
    next_ = (next_ + 1) % shards_.size();
  }
  return error;
}

void Server::State::admit(ServerShard& target, Socket socket) {
  const std::uint64_t open = open_;
  if (open >= options_.most_connections + most_refused_at_once) {
    ServerFigures& own = shards_.front()->figures;
    ++own.connections;
    ++own.refused;
    return;
  }
  const Admission admission = open < options_.most_connections ? Admission::welcome : Admission::too_many;
  auto place = std::make_unique<Place>(open_);
  target.shard.spawn(serve(target, std::move(socket), std::move(place), admission));
}

Task<void> Server::State::serve(ServerShard& shard, Socket socket, std::unique_ptr<Place> place,
                                Admission admission) {
  ++shard.figures.connections;
  ServerConnection connection(shard, std::move(socket), std::move(place), admission);
  shard.connections.push_back(connection);
  co_await connection.serve();
}

Task<ServerFigures> Server::State::look(ServerShard& shard) { co_return shard.look(); }

Task<ServerFigures> Server::State::look_at_all() {
  ServerFigures all;
  all.started = started_;
  for (const auto& each : shards_) {
    Task<ServerFigures> looking = look(*each);
    const ServerFigures figures = co_await asio::co_spawn(each->shard.executor(), std::move(looking),
                                                          asio::use_awaitable_t<net::Executor>());
    all.merge(figures);
  }
  co_return all;
}

ServerFigures Server::State::figures() const {
  ServerFigures all;
  all.started = started_;
  for (const auto& each : shards_) all.merge(each->shard.run(look(*each)));
  return all;
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::bind(ServerOptions options) {
  auto state = std::make_unique<State>(std::move(options));
  const base::Result<void> bound = state->bind();
  if (bound.has_error()) return bound.error();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

void Server::start(const std::shared_ptr<net::TlsServer>& tls) { state_->start(tls); }

std::uint16_t Server::port() const { return state_->port(); }

ServerFigures Server::figures() const { return state_->figures(); }

}  // namespace k8scale::blocks
