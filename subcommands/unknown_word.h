#pragma once
#include <string>

#include "k8scale/base/error.h"

namespace k8scale::subcommands {

/// The exit code for what is no subcommand.
inline constexpr int unknown_exit_code = 2;

/// The error for a word where a subcommand was expected, with the nearest one that there is.
[[nodiscard]] base::Error unknown_word(const std::string& word);

}  // namespace k8scale::subcommands
