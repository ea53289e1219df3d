#pragma once
#include <string_view>

namespace k8scale::subcommands {

/// The git commit of the sources, with "-dirty" when they differ from it; "unknown" when they came without
/// one. cmake/commit.cmake writes it at each build.
[[nodiscard]] std::string_view commit();

}  // namespace k8scale::subcommands
