#include "k8scale/net/pool.h"

#include "net/pool_state.h"

namespace k8scale::net {
using base::Failure;
using base::FailureKind;

namespace {

using Clock = std::chrono::steady_clock;

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
    const base::Nanoseconds short_before = state->short_of_time();
    Task<base::Result<ConnectionPointer>> opening = fresh ? connect(state) : acquire(state);
    base::Result<ConnectionPointer> opened = co_await std::move(opening);
    if (!fresh) exchange.short_of_time = state->short_of_time() - short_before;
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
          state_->idle.size(),        state_->waiting,          state_->waited_for_limit,
          state_->short_of_time()};
}

void Pool::close_idle() {
  ++state_->generation;
  state_->idle.clear();
}

}  // namespace k8scale::net
