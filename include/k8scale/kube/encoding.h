#pragma once

namespace k8scale::kube {

/// How objects are written on the wire.
enum class Encoding { json, protobuf };

}  // namespace k8scale::kube
