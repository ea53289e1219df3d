#pragma once
#include <coroutine>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <type_traits>

#include "k8scale/base/time.h"
#include "k8scale/net/task.h"

namespace k8scale::net {

class Deadlines;

/// A thread with an event loop of its own. What lives on a shard (connections, timers, recorders) is touched
/// by that thread alone, so nothing needs a lock. From Linux 6.12 on the thread has turns of 0.1 ms, so that
/// what it waits for is not noticed late when others want the processor.
class Shard {
 public:
  /// Starts the thread. `name` is what `top -H` shows, at most 15 characters.
  explicit Shard(std::string name, int index = 0);
  /// Stops, if that was not done before.
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  [[nodiscard]] int index() const { return index_; }
  [[nodiscard]] Executor executor();

  /// Starts a coroutine on this shard; callable from any thread. An exception that leaves it ends the
  /// program.
  void spawn(Task<void> task);
  /// Runs `work` on this shard; callable from any thread.
  void post(std::function<void()> work);
  /// Runs a coroutine on this shard and blocks the calling thread, which must be another one, until it is
  /// done.
  template <class T>
  T run(Task<T> task);

  /// CPU time that the shard's thread has used, also after `stop`. Callable from the owner's thread and
  /// the shard's.
  [[nodiscard]] base::Nanoseconds cpu_time() const;

  /// Whether the calling thread may touch what lives on this shard: it is the shard's own, or that has ended.
  [[nodiscard]] bool owned_by_this_thread() const;

  /// Ends the loop after the handler that runs now, joins the thread, and destroys the coroutines that are
  /// still suspended, but for those that rest in a Parking: what they use must be there. What is spawned or
  /// posted afterwards never runs. Called by the owner, not from the shard.
  void stop();

  /// What ends input and output that takes too long.
  [[nodiscard]] Deadlines& deadlines();

 private:
  template <class T>
  static Task<void> fulfil(Task<T> task, std::promise<T>& promise);

  struct Loop;
  std::unique_ptr<Loop> loop_;
  int index_;
};

/// Stops a shard when it goes. Declared after what lives on the shard, which then goes when nothing runs
/// there any more and no coroutine has it in hand.
class StopFirst {
 public:
  explicit StopFirst(Shard& shard) : shard_(shard) {}
  ~StopFirst() { shard_.stop(); }
  StopFirst(const StopFirst&) = delete;
  StopFirst& operator=(const StopFirst&) = delete;

 private:
  Shard& shard_;
};

template <class T>
T Shard::run(Task<T> task) {
  std::promise<T> promise;
  std::future<T> result = promise.get_future();
  spawn(fulfil(std::move(task), promise));
  return result.get();
}

template <class T>
Task<void> Shard::fulfil(Task<T> task, std::promise<T>& promise) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
      promise.set_value();
    } else {
      T value = co_await std::move(task);
      promise.set_value(std::move(value));
    }
  } catch (...) {
    promise.set_exception(std::current_exception());
  }
}

}  // namespace k8scale::net
