#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "k8scale/base/time.h"

namespace k8scale::blocks {

/// Tells which connections fail and why. A server that is down makes hundreds fail, so that in a second the
/// same failure is told at once of 8 connections, and of each once; the rest is summed up in a later line.
class FailureLog {
 public:
  using Warn = std::function<void(const std::string& line)>;
  explicit FailureLog(Warn warn) : warn_(std::move(warn)) {}

  void tell(std::size_t connection, const std::string& message, base::SteadyTime now);
  /// What was not told yet.
  void tell_rest(base::SteadyTime now);

 private:
  // In which the same failure is told of few.
  struct Second {
    base::SteadyTime begin;
    std::set<std::size_t> told;    // connections
    std::set<std::size_t> untold;  // connections that failed once more
    std::uint64_t times_untold;
  };
  void sum_up(const std::string& message, const Second& second, base::SteadyTime now) const;

  Warn warn_;
  std::map<std::string, Second> seconds_;  // by message
};

}  // namespace k8scale::blocks
