#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace k8scale::kube {

/// How many items a list has, in JSON or in protobuf; nothing when `body` is no list.
[[nodiscard]] std::optional<std::uint64_t> items_of_list(std::string_view body);

}  // namespace k8scale::kube
