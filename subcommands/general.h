#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace k8scale::subcommands {

inline constexpr std::string_view program_description = "k8scale measures the Kubernetes API machinery.";

/// What can follow `k8scale` beside a subcommand.
struct OtherUse {
  std::string_view words;
  std::string_view summary;
};
[[nodiscard]] std::span<const OtherUse> other_uses();

/// All subcommands by group, one line each.
[[nodiscard]] std::string usage();

/// What the program does when `arguments`, of which there is at least one, begin with no subcommand: help,
/// version, --install. Returns the exit code; throws base::Error, also for what it does not know.
[[nodiscard]] int run_general(const std::vector<std::string>& arguments);

}  // namespace k8scale::subcommands
