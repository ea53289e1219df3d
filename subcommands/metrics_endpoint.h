#pragma once
#include <functional>
#include <memory>
#include <string>

#include "k8scale/profile/endpoint.h"

namespace k8scale::subcommands {

/// Serves `/metrics`, `/healthz` with "ok", and profiles at `/debug/pprof`, over plain HTTP, on a thread of
/// its own.
class MetricsEndpoint {
 public:
  /// What `/metrics` says, in Prometheus' text format. Called on the endpoint's thread for each request.
  using Text = std::function<std::string()>;

  /// `address` is a port or host:port. When it is in use: a warning if `is_default`, else throws base::Error.
  MetricsEndpoint(const std::string& address, bool is_default, profile::Askers askers, Text text);
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace k8scale::subcommands
