#pragma once
#include <functional>
#include <memory>

#include "k8scale/base/time.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"

/// What coroutines of one shard wait for. Everything here belongs to its shard's thread.
namespace k8scale::net {

/// Sleeps on the calling coroutine's shard.
[[nodiscard]] Task<void> sleep_until(base::SteadyTime when);
[[nodiscard]] Task<void> sleep_for(base::Nanoseconds duration);

/// Lets others on the calling coroutine's shard have their turn.
[[nodiscard]] Task<void> yield_turn();

/// A flag that many coroutines of one shard can sleep on. Once raised it stays raised until `lower`.
class Signal {
 public:
  explicit Signal(Shard& shard);
  /// Of the shard that has this executor.
  explicit Signal(Executor executor);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  /// Wakes every sleeper.
  void raise();
  void lower();
  [[nodiscard]] bool raised() const;

  /// Returns at `when`, or as soon as the signal is raised. The result is `raised()`.
  [[nodiscard]] Task<bool> wait_until(base::SteadyTime when);
  /// Returns when the signal is raised.
  [[nodiscard]] Task<void> wait();

 private:
  struct Sleepers;
  std::unique_ptr<Sleepers> sleepers_;
};

/// How whoever waits for something is told to give up, once and for all.
class Cancellation {
 public:
  void cancel() {
    cancelled_ = true;
    if (give_up_) give_up_();
  }
  [[nodiscard]] bool cancelled() const { return cancelled_; }
  /// What `cancel` calls from now on; replaces what it called before. Null: nothing.
  void set(std::function<void()> give_up) { give_up_ = std::move(give_up); }

 private:
  std::function<void()> give_up_;
  bool cancelled_ = false;
};

/// Where one coroutine rests until it is woken. It holds no timer, so that thousands of coroutines can rest.
class Parking {
 public:
  Parking();
  ~Parking();
  Parking(const Parking&) = delete;
  Parking& operator=(const Parking&) = delete;

  /// Returns at the next `unpark`.
  [[nodiscard]] Task<void> park();
  /// Runs the coroutine that rests here until it waits for something again; nothing when none does.
  void unpark();

 private:
  struct Place;
  std::unique_ptr<Place> place_;
};

/// Coroutines that were started together and are waited for together.
class TaskGroup {
 public:
  explicit TaskGroup(Shard& shard);
  /// Starts `task` on the shard. Called on the shard's thread.
  void spawn(Task<void> task);
  [[nodiscard]] std::size_t running() const { return running_; }
  /// Returns when no task is running. A task may spawn others.
  [[nodiscard]] Task<void> wait_until_done();

 private:
  Task<void> count(Task<void> task);

  Shard& shard_;
  Signal idle_;
  std::size_t running_ = 0;
};

}  // namespace k8scale::net
