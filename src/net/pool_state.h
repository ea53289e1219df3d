#pragma once
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "k8scale/net/pool.h"
#include "net/connection.h"
#include "net/thread_load.h"

namespace k8scale::net {

/// Whoever waited was told to.
[[nodiscard]] inline base::Failure given_up() { return {base::FailureKind::cancelled, "given up"}; }

/// What a pool and its exchanges share.
struct Pool::State {
  using ConnectionPointer = std::unique_ptr<Connection>;
  class PooledStream;

  // A request that has no connection yet.
  struct Waiter
      : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    Waiter(Shard& shard, std::uint64_t place) : number(place), ready(shard) {}
    std::uint64_t number;
    Signal ready;
    ConnectionPointer connection;
    base::Failure failure;
  };

  State(Shard& on, std::shared_ptr<const PoolOptions> with)
      : shard(on),
        options(std::move(with)),
        load(options->thread_cpu_time ? options->thread_cpu_time : [&on] { return on.cpu_time(); }) {}

  Shard& shard;
  std::shared_ptr<const PoolOptions> options;
  std::shared_ptr<std::size_t> open = std::make_shared<std::size_t>(0);
  std::deque<ConnectionPointer> idle;  // the one that rested longest is the first
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters;
  std::size_t waiting = 0;
  std::uint64_t last_waiter = 0;
  std::size_t opening = 0;
  std::size_t streaming = 0;  // connections that streams have
  ThreadLoad load;
  std::uint64_t generation = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t sessions_resumed = 0;
  std::uint64_t waited_for_limit = 0;
  struct Shortage {
    base::SteadyTime begin;
    base::Nanoseconds used_at_begin;
  };
  std::optional<Shortage> shortage;  // while it opens one connection at a time for want of CPU time
  base::Nanoseconds was_short{0};    // before that, all together

  void drop_expired(base::SteadyTime now);
  ConnectionPointer take_idle();
  void give_back(ConnectionPointer connection);
  void hand_over(ConnectionPointer connection);
  void fail_waiters(const base::Failure& failure, std::uint64_t last_number);
  void wake(Waiter& waiter);
  ConnectionPointer make_connection();
  void count_opened(const Connection& connection);

  [[nodiscard]] std::size_t most_opening_now();
  void note_shortage(bool is_short);
  [[nodiscard]] base::Nanoseconds short_of_time() const;
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

}  // namespace k8scale::net
