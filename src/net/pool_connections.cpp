// How requests come by connections.
#include <algorithm>

#include "net/pool_state.h"

namespace k8scale::net {
using base::Failure;

namespace {

using Clock = std::chrono::steady_clock;

// A connection that rested no longer than this is used without asking the kernel whether it is still open.
constexpr auto surely_open = std::chrono::milliseconds(10);

constexpr std::size_t most_opening = 8;
// A thread that is short of time serves nobody sooner by many connections: their handshakes take time as
// well.
constexpr std::size_t most_opening_when_busy = 1;
constexpr double busy = 0.75;  // of its time

}  // namespace

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
  if (--waiting == 0) note_shortage(false);
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

std::size_t Pool::State::most_opening_now() {
  const std::size_t coming_back = *open - idle.size() - opening - streaming;
  const bool is_busy = coming_back >= options->enough_when_busy && load.part_used(Clock::now()) > busy;
  return is_busy ? most_opening_when_busy : most_opening;
}

void Pool::State::note_shortage(bool is_short) {
  if (is_short == shortage.has_value()) return;
  was_short = short_of_time();
  shortage.reset();
  if (is_short) shortage = Shortage{Clock::now(), load.used()};
}

// So far: how long some waited for which no connection was opened, and the thread was at work meanwhile. It
// is told of a change only when something happens, and may rest until then.
base::Nanoseconds Pool::State::short_of_time() const {
  if (!shortage) return was_short;
  const base::Nanoseconds passed = Clock::now() - shortage->begin;
  return was_short + std::min(passed, load.used() - shortage->used_at_begin);
}

void Pool::State::open_for_waiters(const std::shared_ptr<State>& state) {
  if (state->opening >= state->waiting) return state->note_shortage(false);
  const std::size_t most = state->most_opening_now();
  while (state->opening < std::min(state->waiting, most) && *state->open < state->options->most_connections) {
    ++state->opening;
    state->shard.spawn(open_one(state, state->make_connection()));
  }
  state->note_shortage(most == most_opening_when_busy && state->opening < state->waiting &&
                       *state->open < state->options->most_connections);
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

}  // namespace k8scale::net
