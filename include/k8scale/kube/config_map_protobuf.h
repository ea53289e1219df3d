#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

/// ConfigMaps in Kubernetes' protobuf form (k8s.io/api/core/v1 and apimachinery, generated.proto).
namespace k8scale::kube {

using TextPair = std::pair<std::string_view, std::string_view>;

/// What a driver says of a ConfigMap.
struct ConfigMapFields {
  std::string_view name;
  std::string_view namespace_name;
  std::span<const TextPair> labels;
  std::span<const TextPair> annotations;
  std::span<const TextPair> data;
  std::string_view resource_version = {};  ///< of a PUT; empty: any
};

/// The body of a request: in its envelope.
[[nodiscard]] std::string encode_config_map(const ConfigMapFields& fields);

/// How many bytes Go's Marshal makes of the ConfigMap that `body` holds, in JSON or in protobuf, without
/// envelope; nothing when it holds none.
[[nodiscard]] std::optional<std::size_t> protobuf_length_of_config_map(std::string_view body);

}  // namespace k8scale::kube
