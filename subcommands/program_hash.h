#pragma once
#include <optional>
#include <string>

namespace k8scale::subcommands {

/// SHA-256 of this program's file, in lower-case hexadecimal; nothing when it cannot be read.
[[nodiscard]] std::optional<std::string> program_sha256();

}  // namespace k8scale::subcommands
