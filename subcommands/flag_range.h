#pragma once
#include <cstdint>

namespace k8scale::subcommands {

/// What --shards may be at most.
inline constexpr std::uint64_t most_shards = 256;

/// Throws base::Error that names the flag when its value is not `least` to `most`.
void check_range(const char* flag, std::uint64_t value, std::uint64_t least, std::uint64_t most);

/// A flag and its value.
struct Length {
  const char* flag;
  std::uint64_t bytes;
};

/// Throws base::Error when an object of `created` bytes of data has no room for an update's beside them:
/// servers refuse more than `most`.
void check_room_for_updates(const Length& created, const Length& update, std::uint64_t most);

}  // namespace k8scale::subcommands
