#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "k8scale/kube/resource.h"

/// What drivers write in Kubernetes' protobuf form (k8s.io/api and apimachinery, generated.proto). Every
/// built-in kind has its metadata in the same field.
namespace k8scale::kube {

using TextPair = std::pair<std::string_view, std::string_view>;

/// What a driver says of an object.
struct ObjectFields {
  std::string_view name;
  std::string_view namespace_name;
  std::span<const TextPair> labels;
  std::span<const TextPair> annotations;
  std::span<const TextPair> data = {};     ///< of a ConfigMap
  std::string_view resource_version = {};  ///< of a PUT; empty: any
};

/// The body of a request about an object of `resource`: in its envelope.
[[nodiscard]] std::string encode_object(const Resource& resource, const ObjectFields& fields);

/// How many bytes Go's Marshal makes of the ConfigMap that `body` holds, in JSON or in protobuf, without
/// envelope; nothing when it holds none.
[[nodiscard]] std::optional<std::size_t> protobuf_length_of_config_map(std::string_view body);

}  // namespace k8scale::kube
