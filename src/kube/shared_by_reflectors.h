#pragma once
#include <memory>

#include "k8scale/kube/log_memory.h"
#include "kube/json_object.h"
#include "kube/protobuf_object.h"

namespace k8scale::kube {

/// What the reflectors of one client share: a process may have thousands of them.
struct SharedByReflectors {
  JsonParser json;
  ProtobufParser protobuf;
  std::shared_ptr<LogMemory> logged;
};

}  // namespace k8scale::kube
