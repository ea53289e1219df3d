#include "flag_range.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"

namespace k8scale::subcommands {

void check_range(const char* flag, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  if (value >= least && value <= most) return;
  throw base::Error(fmt::format("{}: found {}, expected {} to {}", flag, value, least, most));
}

void check_room_for_updates(const Length& created, const Length& update, std::uint64_t most) {
  if (created.bytes + update.bytes <= most) return;
  throw base::Error(fmt::format("{}: found {} with {} {}, expected at most {}, as an object has room for {}",
                                update.flag, update.bytes, created.flag, created.bytes, most - created.bytes,
                                most));
}

}  // namespace k8scale::subcommands
