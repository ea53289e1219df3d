#pragma once
#include <optional>
#include <string_view>

#include "schema.h"

namespace k8scale::apiserver {

/// Whether a body is an object in the protobuf form of Kubernetes: "k8s\0", then runtime.Unknown.
[[nodiscard]] bool is_protobuf_object(std::string_view body);

/// Reads such a body as the JSON that says the same; nothing when it is broken or of a kind that `schema`
/// lacks.
[[nodiscard]] std::optional<Json> read_protobuf_object(const Schema& schema, std::string_view body);

}  // namespace k8scale::apiserver
