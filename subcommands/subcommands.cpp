#include "subcommands.h"

#include <array>

namespace k8scale::subcommands {

std::span<const Subcommand> all() { return {}; }

}  // namespace k8scale::subcommands
