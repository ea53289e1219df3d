#include "kube/shared_by_reflectors.h"

namespace k8scale::kube {
namespace {

// Kinds are words of the server: there may be many.
constexpr std::size_t most_kinds = 1000;

}  // namespace

bool SharedByReflectors::may_log(std::string_view kind, base::SteadyTime now, base::Nanoseconds often) {
  const auto found = logged.find(kind);
  if (found == logged.end()) {
    if (logged.size() == most_kinds) return false;
    logged.emplace(kind, now);
    return true;
  }
  if (now - found->second < often) return false;
  found->second = now;
  return true;
}

}  // namespace k8scale::kube
