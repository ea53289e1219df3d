#include "k8scale/kube/log_memory.h"

namespace k8scale::kube {
namespace {

// Kinds are words of the server: there may be many.
constexpr std::size_t most_kinds = 1000;

}  // namespace

bool LogMemory::may_log(std::string_view kind, base::SteadyTime now, base::Nanoseconds often) {
  const std::lock_guard lock(mutex_);
  const auto found = logged_.find(kind);
  if (found == logged_.end()) {
    if (logged_.size() == most_kinds) return false;
    logged_.emplace(kind, now);
    return true;
  }
  if (now - found->second < often) return false;
  found->second = now;
  return true;
}

}  // namespace k8scale::kube
