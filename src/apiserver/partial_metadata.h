#pragma once
#include <string>
#include <string_view>

#include "object.h"

/// PartialObjectMetadata (meta.k8s.io/v1): an object's metadata alone.
namespace k8scale::apiserver {

inline constexpr std::string_view meta_version = "meta.k8s.io/v1";
inline constexpr std::string_view partial_metadata_kind = "PartialObjectMetadata";

[[nodiscard]] std::string partial_metadata_text(const Object& object);
[[nodiscard]] Json partial_metadata(const Object& object);

}  // namespace k8scale::apiserver
