#include "k8scale/net/shard.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <ctime>
#include <exception>
#include <thread>

#include "k8scale/net/deadlines.h"

namespace k8scale::net {
namespace asio = boost::asio;

struct Shard::Loop {
  // One that can destroy its coroutines while all that they use is still there.
  struct Context : asio::io_context {
    using io_context::io_context;
    using io_context::shutdown;
  };

  // These before the context, whose coroutines hold deadlines.
  Deadlines deadlines;
  std::thread thread;
  Context context{1};
  asio::executor_work_guard<Executor> work = asio::make_work_guard(context);
  base::Nanoseconds final_cpu_time{0};
};

namespace {

// Signals are for the main thread; a broken connection shows as an error of the write.
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// As sched_setattr(2) takes it; glibc has it from 2.41 on.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // ns; of an ordinary thread: its turn, from Linux 6.12 on
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

// A thread that is woken waits for less long while others want the processor, if its turns are short.
void take_short_turns() {
  constexpr base::Nanoseconds shortest = std::chrono::microseconds(100);  // that Linux gives
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER) return;
  attributes.runtime = static_cast<std::uint64_t>(shortest.count());
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

base::Nanoseconds thread_cpu_time(pthread_t thread) {
  clockid_t clock{};
  timespec time{};
  if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &time) != 0)
    return base::Nanoseconds(0);
  return std::chrono::seconds(time.tv_sec) + base::Nanoseconds(time.tv_nsec);
}

}  // namespace

Shard::Shard(std::string name, int index) : loop_(std::make_unique<Loop>()), index_(index) {
  loop_->thread = std::thread([loop = loop_.get(), name = std::move(name)] {
    block_signals();
    take_short_turns();
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    loop->context.run();
    loop->final_cpu_time = thread_cpu_time(pthread_self());
  });
}

Shard::~Shard() { stop(); }

Executor Shard::executor() { return loop_->context.get_executor(); }

void Shard::spawn(Task<void> task) {
  asio::co_spawn(loop_->context.get_executor(), std::move(task), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
}

void Shard::post(std::function<void()> work) { asio::post(loop_->context, std::move(work)); }

base::Nanoseconds Shard::cpu_time() const {
  return loop_->thread.joinable() ? thread_cpu_time(loop_->thread.native_handle()) : loop_->final_cpu_time;
}

bool Shard::owned_by_this_thread() const {
  return !loop_->thread.joinable() || loop_->thread.get_id() == std::this_thread::get_id();
}

void Shard::stop() {
  if (!loop_->thread.joinable()) return;
  loop_->context.stop();
  loop_->thread.join();
  loop_->context.shutdown();
}

Deadlines& Shard::deadlines() { return loop_->deadlines; }

}  // namespace k8scale::net
