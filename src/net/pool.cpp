#include "k8scale/net/pool.h"

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <deque>

#include "k8scale/net/wait.h"
#include "net/connection.h"

namespace k8scale::net {
using base::Failure;
using base::FailureKind;

namespace {

using Clock = std::chrono::steady_clock;

// A connection that rested no longer than this is used without asking the kernel whether it is still open.
constexpr auto surely_open = std::chrono::milliseconds(10);

constexpr std::size_t most_opening = 8;

Failure given_up() { return {FailureKind::cancelled, "given up"}; }

bool is_idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE" || method == "TRACE";
}

}  // namespace

bool may_retry_on_fresh_connection(const Request& request, const Exchange& exchange) {
  if (!exchange.failure || !exchange.reused_connection || !exchange.nothing_received()) return false;
  const FailureKind kind = exchange.failure->kind();
  if (kind != FailureKind::closed && kind != FailureKind::reset) return false;
  return exchange.nothing_sent() || is_idempotent(request.method);
}

struct Pool::State {
  using ConnectionPointer = std::unique_ptr<Connection>;

  // A request that has no connection yet.
  struct Waiter
      : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    Waiter(Shard& shard, std::uint64_t place) : number(place), ready(shard) {}
    std::uint64_t number;
    Signal ready;
    ConnectionPointer connection;
    Failure failure;
  };

  State(Shard& on, std::shared_ptr<const PoolOptions> with) : shard(on), options(std::move(with)) {}

  Shard& shard;
  std::shared_ptr<const PoolOptions> options;
  std::shared_ptr<std::size_t> open = std::make_shared<std::size_t>(0);
  std::deque<ConnectionPointer> idle;  // the one that rested longest is the first
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters;
  std::size_t waiting = 0;
  std::uint64_t last_waiter = 0;
  std::size_t opening = 0;
  std::uint64_t generation = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t sessions_resumed = 0;
  std::uint64_t waited_for_limit = 0;

  void drop_expired(base::SteadyTime now);
  ConnectionPointer take_idle();
  void give_back(ConnectionPointer connection);
  void hand_over(ConnectionPointer connection);
  void fail_waiters(const Failure& failure, std::uint64_t last_number);
  void wake(Waiter& waiter);
  ConnectionPointer make_connection();
  void count_opened(const Connection& connection);

  static void open_for_waiters(const std::shared_ptr<State>& state);
  static Task<void> open_one(std::shared_ptr<State> state, ConnectionPointer connection);
  static Task<base::Result<ConnectionPointer>> connect(std::shared_ptr<State> state);
  static Task<base::Result<ConnectionPointer>> acquire(std::shared_ptr<State> state,
                                                       Cancellation* cancellation = nullptr);
  static Task<Exchange> exchange(std::shared_ptr<State> state, const Request& request, bool fresh);
  static Task<base::Result<std::unique_ptr<ResponseStream>>> open_stream(std::shared_ptr<State> state,
                                                                         const Request& request, bool fresh,
                                                                         Cancellation* cancellation);
  static Task<base::Result<void>> prewarm(std::shared_ptr<State> state, std::size_t count);
};

void Pool::State::drop_expired(base::SteadyTime now) {
  while (!idle.empty() && now - idle.front()->idle_since > options->idle_timeout) {
    idle.front()->ends_because("it rested too long");
    idle.pop_front();
  }
}

// The idle connection to use next; null when there is none.
Pool::State::ConnectionPointer Pool::State::take_idle() {
  const base::SteadyTime now = Clock::now();
  drop_expired(now);
  while (!idle.empty()) {
    ConnectionPointer connection = std::move(idle.back());
    idle.pop_back();
    if (now - connection->idle_since <= surely_open || connection->is_quiet()) return connection;
  }
  return nullptr;
}

// Takes back a connection whose answer was read, if it can be used again.
void Pool::State::give_back(ConnectionPointer connection) {
  if (connection->rest() && connection->generation == generation) hand_over(std::move(connection));
}

// To the request that waits longest, if any does.
void Pool::State::hand_over(ConnectionPointer connection) {
  connection->idle_since = Clock::now();
  if (waiters.empty()) {
    idle.push_back(std::move(connection));
    return;
  }
  Waiter& first = waiters.front();
  first.connection = std::move(connection);
  wake(first);
}

void Pool::State::wake(Waiter& waiter) {
  waiters.erase(waiters.iterator_to(waiter));
  --waiting;
  waiter.ready.raise();
}

// Those that came after the attempt to connect began may have better luck.
void Pool::State::fail_waiters(const Failure& failure, std::uint64_t last_number) {
  while (!waiters.empty() && waiters.front().number <= last_number) {
    Waiter& first = waiters.front();
    first.failure = failure;
    wake(first);
  }
}

Pool::State::ConnectionPointer Pool::State::make_connection() {
  auto connection = std::make_unique<Connection>(shard, options, open);
  connection->generation = generation;
  return connection;
}

void Pool::State::count_opened(const Connection& connection) {
  ++connections_opened;
  if (connection.resumed()) ++sessions_resumed;
}

void Pool::State::open_for_waiters(const std::shared_ptr<State>& state) {
  while (state->opening < std::min(state->waiting, most_opening) &&
         *state->open < state->options->most_connections) {
    ++state->opening;
    state->shard.spawn(open_one(state, state->make_connection()));
  }
}

Task<void> Pool::State::open_one(std::shared_ptr<State> state, ConnectionPointer connection) {
  const std::uint64_t last_number = state->last_waiter;
  const base::Result<void> opened = co_await connection->open();
  --state->opening;
  if (opened.has_error()) {
    connection.reset();
    state->fail_waiters(opened.error(), last_number);
  } else {
    state->count_opened(*connection);
    state->hand_over(std::move(connection));
  }
  open_for_waiters(state);
}

Task<base::Result<Pool::State::ConnectionPointer>> Pool::State::connect(std::shared_ptr<State> state) {
  ConnectionPointer connection = state->make_connection();
  const base::Result<void> opened = co_await connection->open();
  if (opened.has_error()) co_return opened.error();
  state->count_opened(*connection);
  co_return std::move(connection);
}

Task<base::Result<Pool::State::ConnectionPointer>> Pool::State::acquire(std::shared_ptr<State> state,
                                                                        Cancellation* cancellation) {
  Waiter waiter(state->shard, ++state->last_waiter);
  state->waiters.push_back(waiter);
  ++state->waiting;
  if (*state->open >= state->options->most_connections) ++state->waited_for_limit;
  open_for_waiters(state);
  if (cancellation != nullptr) {
    cancellation->set([&] {
      if (!waiter.is_linked()) return;
      waiter.failure = given_up();
      state->wake(waiter);
    });
  }
  co_await waiter.ready.wait();
  if (cancellation != nullptr) cancellation->set(nullptr);
  if (!waiter.connection) co_return waiter.failure;
  // It may have been cancelled between being given the connection and going on here.
  if (cancellation != nullptr && cancellation->cancelled()) {
    state->hand_over(std::move(waiter.connection));
    co_return given_up();
  }
  co_return std::move(waiter.connection);
}

namespace {

Exchange& finish(Exchange& exchange, std::optional<Failure> failure) {
  exchange.failure = std::move(failure);
  exchange.timing.done = Clock::now();
  return exchange;
}

}  // namespace

Task<Exchange> Pool::State::exchange(std::shared_ptr<State> state, const Request& request, bool fresh) {
  Exchange exchange;
  exchange.timing.started = Clock::now();
  ConnectionPointer connection = fresh ? nullptr : state->take_idle();
  if (!connection) {
    exchange.timing.sent_wall = std::chrono::system_clock::now();
    Task<base::Result<ConnectionPointer>> opening = fresh ? connect(state) : acquire(state);
    base::Result<ConnectionPointer> opened = co_await std::move(opening);
    if (opened.has_error()) co_return std::move(finish(exchange, opened.error()));
    connection = std::move(*opened);
  }
  exchange.reused_connection = connection->used_before;
  const std::uint64_t written_before = connection->bytes_written();
  const Connection::Answer answer{exchange.response, exchange.response.body, exchange.timing,
                                  exchange.bytes_received};
  base::Result<void> outcome = co_await connection->ask(request, answer, "no whole answer");
  while (outcome.has_value() && !connection->answer_done()) {
    outcome = co_await connection->read_body(exchange.bytes_received);
  }
  exchange.bytes_sent = connection->bytes_written() - written_before;
  if (outcome.has_error()) {
    finish(exchange, outcome.error());
    connection->ends_because(outcome.error().message());
    connection.reset();
  } else {
    finish(exchange, std::nullopt);
    state->give_back(std::move(connection));
  }
  open_for_waiters(state);
  co_return std::move(exchange);
}

Task<base::Result<void>> Pool::State::prewarm(std::shared_ptr<State> state, std::size_t count) {
  state->drop_expired(Clock::now());
  while (state->idle.size() < count) {
    base::Result<ConnectionPointer> opened = co_await connect(state);
    if (opened.has_error()) co_return opened.error();
    (*opened)->idle_since = Clock::now();
    state->idle.push_back(std::move(*opened));
  }
  co_return base::Result<void>();
}

namespace {

template <class State>
class PooledStream final : public ResponseStream {
 public:
  PooledStream(std::shared_ptr<State> state, std::unique_ptr<Connection> connection,
               Cancellation* cancellation)
      : state_(std::move(state)), connection_(std::move(connection)), cancellation_(cancellation) {
    if (cancellation_ == nullptr) return;
    cancellation_->set([this] {
      if (connection_) connection_->cancel();
    });
  }
  ~PooledStream() override {
    if (cancellation_ != nullptr) cancellation_->set(nullptr);
  }
  PooledStream(const PooledStream&) = delete;
  PooledStream& operator=(const PooledStream&) = delete;

  Task<base::Result<void>> ask(const Request& request) {
    timing_.started = Clock::now();
    const Connection::Answer answer{head_, body_, timing_, bytes_received_};
    base::Result<void> outcome = co_await connection_->ask(request, answer, "no answer");
    co_return outcome;
  }

  [[nodiscard]] const ResponseHead& head() const override { return head_; }
  [[nodiscard]] const Timing& timing() const override { return timing_; }
  [[nodiscard]] std::uint64_t bytes_received() const override { return bytes_received_; }
  void wake_at(std::size_t bytes) override {
    if (connection_) connection_->wake_at(bytes);
  }

  [[nodiscard]] Task<base::Result<std::string_view>> read_some(base::Nanoseconds idle) override {
    if (began_) body_.clear();
    began_ = true;
    if (!connection_) co_return std::string_view();
    connection_->set_limit(idle, "no byte of the answer");
    while (body_.empty() && !connection_->answer_done()) {
      base::Result<bool> read = connection_->read_body_now(bytes_received_);
      if (read.has_value() && !*read) {
        std::string().swap(body_);
        const base::Result<void> ready = co_await connection_->wait_for_body();
        if (ready.has_error()) read = ready.error();
      }
      if (read.has_error()) {
        timing_.done = Clock::now();
        connection_->ends_because(read.error().message());
        connection_.reset();
        co_return read.error();
      }
    }
    if (body_.empty()) {
      timing_.done = Clock::now();
      state_->give_back(std::move(connection_));
    }
    co_return std::string_view(body_);
  }

 private:
  std::shared_ptr<State> state_;
  std::unique_ptr<Connection> connection_;
  ResponseHead head_;
  std::string body_;
  Timing timing_;
  std::uint64_t bytes_received_ = 0;
  Cancellation* cancellation_;
  bool began_ = false;
};

}  // namespace

Task<base::Result<std::unique_ptr<ResponseStream>>> Pool::State::open_stream(std::shared_ptr<State> state,
                                                                             const Request& request,
                                                                             bool fresh,
                                                                             Cancellation* cancellation) {
  if (cancellation != nullptr && cancellation->cancelled()) co_return given_up();
  ConnectionPointer connection = fresh ? nullptr : state->take_idle();
  if (!connection) {
    base::Result<ConnectionPointer> opened = co_await acquire(state, cancellation);
    if (opened.has_error()) co_return opened.error();
    connection = std::move(*opened);
  }
  auto stream = std::make_unique<PooledStream<State>>(state, std::move(connection), cancellation);
  const base::Result<void> asked = co_await stream->ask(request);
  if (asked.has_error()) co_return asked.error();
  co_return std::unique_ptr<ResponseStream>(std::move(stream));
}

Pool::Pool(Shard& shard, PoolOptions options)
    : state_(std::make_shared<State>(shard, std::make_shared<const PoolOptions>(std::move(options)))) {}

Pool::~Pool() = default;

const PoolOptions& Pool::options() const { return *state_->options; }

Task<Exchange> Pool::exchange(const Request& request, bool fresh) {
  return State::exchange(state_, request, fresh);
}

Task<base::Result<std::unique_ptr<ResponseStream>>> Pool::open_stream(const Request& request, bool fresh,
                                                                      Cancellation* cancellation) {
  return State::open_stream(state_, request, fresh, cancellation);
}

Task<base::Result<void>> Pool::prewarm(std::size_t count) { return State::prewarm(state_, count); }

PoolCounters Pool::counters() const {
  return {state_->connections_opened, state_->sessions_resumed, *state_->open,
          state_->idle.size(),        state_->waiting,          state_->waited_for_limit};
}

void Pool::close_idle() {
  ++state_->generation;
  state_->idle.clear();
}

}  // namespace k8scale::net
