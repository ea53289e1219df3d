#pragma once
#include <string>

#include "k8scale/base/error.h"

namespace k8scale::subcommands {

/// The exit code for what is no subcommand.
inline constexpr int unknown_exit_code = 2;

/// The error for the program's first word, when it is none that may stand there, with the nearest that may.
[[nodiscard]] base::Error unknown_word(const std::string& word);
/// The same where only a subcommand may stand.
[[nodiscard]] base::Error unknown_subcommand(const std::string& word);

}  // namespace k8scale::subcommands
