#include "k8scale/blocks/client.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <vector>

#include "blocks/client_shard.h"

namespace k8scale::blocks {
using net::Task;

namespace {

// A connection's own histograms take up to 100 kB.
constexpr std::size_t most_with_own_times = 64;

}  // namespace

void RequestTimes::merge(const RequestTimes& other) {
  wait.merge(other.wait);
  first_byte.merge(other.first_byte);
  request.merge(other.request);
  lateness.merge(other.lateness);
}

class Client::State {
 public:
  explicit State(ClientOptions options);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void start(std::function<void()> done);
  void warm_up(std::function<void()> done);
  void start_measuring();
  [[nodiscard]] ClientFigures figures() const;
  void stop();

 private:
  [[nodiscard]] Task<void> run(ClientShard& shard);
  static void measure_anew(ClientShard& shard);
  [[nodiscard]] static Task<ClientFigures> look(const ClientShard& shard);

  ClientOptions options_;
  RequestBudget budget_;
  std::function<void()> done_;
  std::vector<std::unique_ptr<ClientShard>> shards_;
  base::Nanoseconds cpu_before_{0};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t running_ = 0;  // under the mutex
};

Client::State::State(ClientOptions options) : options_(std::move(options)), budget_(options_.requests) {
  for (std::size_t i = 0; i < options_.io_threads; ++i) {
    shards_.push_back(std::make_unique<ClientShard>(static_cast<int>(i), options_, budget_));
  }
  std::vector<ClientConnection*> connections;
  for (std::size_t i = 0; i < options_.connections; ++i) {
    ClientShard& shard = *shards_[i % shards_.size()];
    connections.push_back(
        &shard.connections.emplace_back(shard, i, options_.connections <= most_with_own_times));
  }
  for (std::size_t i = 0; i < options_.threads; ++i) connections[i % connections.size()]->add_thread(i);
}

Client::State::~State() {
  stop();
  for (const auto& each : shards_) each->shard.stop();
}

void Client::State::start(std::function<void()> done) {
  done_ = std::move(done);
  running_ = shards_.size();
  for (const auto& each : shards_) each->shard.spawn(run(*each));
}

void Client::State::warm_up(std::function<void()> done) {
  for (const auto& each : shards_) each->measuring = false;
  start(std::move(done));
}

Task<void> Client::State::run(ClientShard& shard) {
  net::TaskGroup running(shard.shard);
  for (ClientConnection& each : shard.connections) running.spawn(each.run());
  co_await running.wait_until_done();
  shard.failures.tell_rest(std::chrono::steady_clock::now());
  const std::lock_guard lock(mutex_);
  if (--running_ > 0) co_return;
  ended_.notify_all();
  done_();
}

void Client::State::measure_anew(ClientShard& shard) {
  shard.measuring = true;
  shard.measured_from = std::chrono::steady_clock::now();
  shard.times = RequestTimes();
  for (ClientConnection& each : shard.connections) each.start_measuring();
}

void Client::State::start_measuring() {
  cpu_before_ = base::Nanoseconds(0);
  for (const auto& each : shards_) {
    std::promise<void> done;
    each->shard.post([&] {
      measure_anew(*each);
      done.set_value();
    });
    done.get_future().wait();
    cpu_before_ += each->shard.cpu_time();
  }
}

Task<ClientFigures> Client::State::look(const ClientShard& shard) {
  ClientFigures figures;
  figures.times = shard.times;
  for (const ClientConnection& each : shard.connections) {
    figures.connections.push_back(each.look());
    each.record_lateness_in(figures.times);
  }
  co_return figures;
}

ClientFigures Client::State::figures() const {
  ClientFigures all;
  all.connections.resize(options_.connections);
  for (const auto& each : shards_) {
    ClientFigures part = each->shard.run(look(*each));
    all.times.merge(part.times);
    all.cpu += each->shard.cpu_time();
    for (ConnectionFigures& connection : part.connections) {
      all.bytes += connection.bytes;
      all.requests += connection.requests;
      all.failures += connection.failures;
      all.under_way += connection.under_way;
      all.resent += connection.resent;
      all.retransmits += connection.retransmits;
      if (connection.times) all.times.merge(*connection.times);
      all.connections[connection.number] = std::move(connection);
    }
  }
  all.cpu -= cpu_before_;
  return all;
}

void Client::State::stop() {
  for (const auto& each : shards_) {
    each->shard.post([shard = each.get()] {
      shard->stop.raise();
      for (ClientConnection& connection : shard->connections) connection.cut();
    });
  }
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return running_ == 0; });
}

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;
void Client::start(std::function<void()> done) { state_->start(std::move(done)); }
void Client::warm_up(std::function<void()> done) { state_->warm_up(std::move(done)); }
void Client::start_measuring() { state_->start_measuring(); }
ClientFigures Client::figures() const { return state_->figures(); }
void Client::stop() { state_->stop(); }

}  // namespace k8scale::blocks
