#pragma once
#include <atomic>
#include <functional>
#include <optional>
#include <string_view>
#include <thread>

#include "k8scale/base/time.h"

namespace k8scale::base {

/// SIGINT, SIGTERM and SIGHUP as something that the main thread waits for. Made before other threads start,
/// which then inherit that they are blocked.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Waits until `when`, a signal, or `wake`; the result is the signal's number, if one came.
  [[nodiscard]] std::optional<int> wait_until(SteadyTime when);
  /// The next wait gives that signal. From any thread.
  void put_back(int number);
  /// Ends the wait that runs now, or the next one. From any thread.
  void wake();

 private:
  int signals_;
  int wakes_;
  std::atomic<int> put_back_ = 0;
};

/// While the main thread is busy: calls `handle` with each signal, on a thread of its own.
class WatchedSignals {
 public:
  WatchedSignals(StopSignals& signals, std::function<void(int)> handle);
  ~WatchedSignals();
  WatchedSignals(const WatchedSignals&) = delete;
  WatchedSignals& operator=(const WatchedSignals&) = delete;

 private:
  StopSignals& signals_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

/// "SIGINT", "SIGTERM", "SIGHUP", or "another signal".
[[nodiscard]] std::string_view signal_name(int number);

}  // namespace k8scale::base
