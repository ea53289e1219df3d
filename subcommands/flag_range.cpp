#include "flag_range.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"

namespace k8scale::subcommands {

void check_range(const char* flag, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  if (value >= least && value <= most) return;
  throw base::Error(fmt::format("{}: found {}, expected {} to {}", flag, value, least, most));
}

}  // namespace k8scale::subcommands
