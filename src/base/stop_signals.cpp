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

void StopSignals::wake() {
  const std::uint64_t one = 1;
  // It can only fail when there are wakes already.
  [[maybe_unused]] const ssize_t written = ::write(wakes_, &one, sizeof one);
}

std::string_view signal_name(int number) {
  if (number == SIGINT) return "SIGINT";
  if (number == SIGTERM) return "SIGTERM";
  return "another signal";
}

}  // namespace k8scale::base
