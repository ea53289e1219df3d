#pragma once
#include <optional>
#include <string_view>

#include "k8scale/base/time.h"

namespace k8scale::base {

/// SIGINT and SIGTERM as something that the main thread waits for. Made before other threads start, which
/// then inherit that both are blocked.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Waits until `when`, a signal, or `wake`; the result is the signal's number, if one came.
  [[nodiscard]] std::optional<int> wait_until(SteadyTime when);
  /// Ends the wait that runs now, or the next one. From any thread.
  void wake();

 private:
  int signals_;
  int wakes_;
};

/// "SIGINT", "SIGTERM", or "another signal".
[[nodiscard]] std::string_view signal_name(int number);

}  // namespace k8scale::base
