#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "k8scale/base/time.h"

namespace k8scale::blocks {

/// Warnings of connections that fail, the same one once a second: a server that is down makes hundreds.
class FailureLog {
 public:
  void tell(std::size_t connection, const std::string& message, base::SteadyTime now);

 private:
  struct Told {
    base::SteadyTime when;
    std::uint64_t untold = 0;  // since then
  };
  std::map<std::string, Told> told_;
};

}  // namespace k8scale::blocks
