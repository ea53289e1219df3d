#pragma once
#include <cstdint>

namespace k8scale::subcommands {

/// What --shards may be at most.
inline constexpr std::uint64_t most_shards = 256;

/// Throws base::Error that names the flag when its value is not `least` to `most`.
void check_range(const char* flag, std::uint64_t value, std::uint64_t least, std::uint64_t most);

}  // namespace k8scale::subcommands
