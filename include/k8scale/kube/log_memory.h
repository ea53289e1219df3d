#pragma once
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "k8scale/base/time.h"

namespace k8scale::kube {

/// What reflectors have logged, so that none repeats another, whichever client it belongs to. Safe from any
/// thread.
class LogMemory {
 public:
  /// Whether `kind` may be logged at `now`: `often` is the shortest time between two lines. Of more than
  /// 1,000 kinds, further ones are not.
  [[nodiscard]] bool may_log(std::string_view kind, base::SteadyTime now, base::Nanoseconds often);

 private:
  std::mutex mutex_;
  std::map<std::string, base::SteadyTime, std::less<>> logged_;  // when a kind was last
};

}  // namespace k8scale::kube
