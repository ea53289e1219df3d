#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "k8scale/base/time.h"
#include "kube/json_object.h"
#include "kube/protobuf_object.h"

namespace k8scale::kube {

/// What the reflectors of one client share: a process may have thousands of them.
struct SharedByReflectors {
  JsonParser json;
  ProtobufParser protobuf;
  /// When something was logged last, by its kind.
  std::map<std::string, base::SteadyTime, std::less<>> logged;

  /// Whether `kind` may be logged at `now`: `often` is the shortest time between two lines.
  [[nodiscard]] bool may_log(std::string_view kind, base::SteadyTime now, base::Nanoseconds often);
};

}  // namespace k8scale::kube
