#pragma once
#include <cstdint>
#include <string_view>

/// What stands around every object in protobuf: runtime.Unknown of k8s.io/apimachinery.
namespace k8scale::apiserver {

inline constexpr std::string_view protobuf_magic("k8s\0", 4);
inline constexpr std::uint32_t unknown_type_meta = 1;
inline constexpr std::uint32_t unknown_raw = 2;
inline constexpr std::uint32_t type_meta_api_version = 1;
inline constexpr std::uint32_t type_meta_kind = 2;

}  // namespace k8scale::apiserver
