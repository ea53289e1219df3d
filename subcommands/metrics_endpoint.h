#pragma once
#include <memory>
#include <string>

#include "k8scale/measure/recorder.h"

namespace k8scale::subcommands {

/// Serves `/metrics` over plain HTTP, on a thread of its own.
class MetricsEndpoint {
 public:
  /// `address` is a port or host:port. When it is in use: a warning if `is_default`, else throws base::Error.
  MetricsEndpoint(const std::string& address, bool is_default);
  ~MetricsEndpoint();

  /// What the next request is told. From any thread.
  void publish(const measure::Snapshot& snapshot, const measure::Pace& pace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace k8scale::subcommands
