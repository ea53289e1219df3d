#pragma once
#include <cstdint>
#include <string_view>

namespace k8scale::kube {

/// The number that a resourceVersion is in practice: one counter over all objects of a server. 0 when it is
/// none.
[[nodiscard]] std::uint64_t version_number(std::string_view resource_version);

/// metadata.resourceVersion of an object in JSON or in protobuf, without parsing what is not before it; empty
/// when there is none. The view is into `object`.
[[nodiscard]] std::string_view resource_version_of(std::string_view object);

}  // namespace k8scale::kube
