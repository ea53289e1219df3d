#include "k8scale/net/wait.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/intrusive/list.hpp>
#include <optional>
#include <utility>

#include "k8scale/net/as_result.h"

namespace k8scale::net {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;

struct Sleeper
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  Timer timer;
  bool woken = false;
  Sleeper(const Executor& executor, base::SteadyTime when) : timer(executor, when) {}
};

}  // namespace

Task<void> sleep_until(base::SteadyTime when) {
  const Executor executor = co_await asio::this_coro::executor;
  Timer timer(executor, when);
  co_await timer.async_wait(as_result);
}

Task<void> yield_turn() {
  const Executor executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable_t<Executor>());
}

Task<void> sleep_for(base::Nanoseconds duration) { return sleep_until(Clock::now() + duration); }

struct Signal::Sleepers {
  Executor executor;
  bool raised = false;
  boost::intrusive::list<Sleeper, boost::intrusive::constant_time_size<false>> all;
};

Signal::Signal(Shard& shard) : Signal(shard.executor()) {}
Signal::Signal(Executor executor) : sleepers_(new Sleepers{std::move(executor), false, {}}) {}

Signal::~Signal() = default;

void Signal::raise() {
  sleepers_->raised = true;
  for (Sleeper& sleeper : sleepers_->all) {
    sleeper.woken = true;
    sleeper.timer.cancel();
  }
}

void Signal::lower() { sleepers_->raised = false; }

bool Signal::raised() const { return sleepers_->raised; }

Task<bool> Signal::wait_until(base::SteadyTime when) {
  if (sleepers_->raised) co_return true;
  Sleeper sleeper(sleepers_->executor, when);
  sleepers_->all.push_back(sleeper);
  co_await sleeper.timer.async_wait(as_result);
  co_return sleeper.woken || sleepers_->raised;
}

Task<void> Signal::wait() {
  bool woken = false;
  while (!woken) woken = co_await wait_until(base::SteadyTime::max());
}

struct Parking::Place {
  // What runs a coroutine on, in the words of Asio.
  using Continuation = asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;
  std::optional<Continuation> resting;
};

Parking::Parking() : place_(std::make_unique<Place>()) {}

Parking::~Parking() = default;

Task<void> Parking::park() {
  const auto rest = [this](Place::Continuation continuation) {
    place_->resting.emplace(std::move(continuation));
  };
  asio::use_awaitable_t<Executor> token;
  co_await asio::async_initiate<asio::use_awaitable_t<Executor>, void()>(rest, token);
}

void Parking::unpark() {
  std::optional<Place::Continuation> resting = std::exchange(place_->resting, std::nullopt);
  if (resting) std::move (*resting)();
}

TaskGroup::TaskGroup(Shard& shard) : shard_(shard), idle_(shard) {}

void TaskGroup::spawn(Task<void> task) {
  ++running_;
  idle_.lower();
  shard_.spawn(count(std::move(task)));
}

Task<void> TaskGroup::count(Task<void> task) {
  co_await std::move(task);
  if (--running_ == 0) idle_.raise();
}

Task<void> TaskGroup::wait_until_done() {
  while (running_ > 0) co_await idle_.wait();
}

}  // namespace k8scale::net
