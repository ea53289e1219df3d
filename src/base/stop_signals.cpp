#include "k8scale/base/stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "k8scale/base/error.h"

namespace k8scale::base {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  return signals;
}

int checked(int descriptor) {
  if (descriptor < 0) throw Error(std::string("cannot wait for signals: ") + std::strerror(errno));
  return descriptor;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = checked(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  wakes_ = checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

StopSignals::~StopSignals() {
  ::close(signals_);
  ::close(wakes_);
}

std::optional<int> StopSignals::wait_until(SteadyTime when) {
  if (const int put_back = put_back_.exchange(0)) return put_back;
  const auto left = std::max(when - std::chrono::steady_clock::now(), Nanoseconds(0));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{seconds.count(), (left - seconds).count()};
  std::array<pollfd, 2> waiting{{{signals_, POLLIN, 0}, {wakes_, POLLIN, 0}}};
  ::ppoll(waiting.data(), waiting.size(), &timeout, nullptr);
  std::uint64_t wakes = 0;
  if (::read(wakes_, &wakes, sizeof wakes) < 0 && errno != EAGAIN) return std::nullopt;
  signalfd_siginfo info{};
  if (::read(signals_, &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

void StopSignals::put_back(int number) {
  put_back_ = number;
  wake();
}

void StopSignals::wake() {
  const std::uint64_t one = 1;
  // It can only fail when there are wakes already.
  [[maybe_unused]] const ssize_t written = ::write(wakes_, &one, sizeof one);
}

std::string_view signal_name(int number) {
  if (number == SIGINT) return "SIGINT";
  if (number == SIGTERM) return "SIGTERM";
  if (number == SIGHUP) return "SIGHUP";
  return "another signal";
}

WatchedSignals::WatchedSignals(StopSignals& signals, std::function<void(int)> handle)
    : signals_(signals), thread_([this, handle = std::move(handle)] {
        while (!ending_) {
          const auto signal = signals_.wait_until(std::chrono::steady_clock::now() + std::chrono::hours(1));
          if (signal) handle(*signal);
        }
      }) {}

WatchedSignals::~WatchedSignals() {
  ending_ = true;
  signals_.wake();
  thread_.join();
}

}  // namespace k8scale::base
