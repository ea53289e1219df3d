#pragma once
#include <span>
#include <string>

#include "pages.h"

/// Scripts that complete subcommands, flags and their values, and the same for the links that --install
/// makes.
namespace k8scale::subcommands {

[[nodiscard]] std::string bash_completion(std::span<const Page> pages);
[[nodiscard]] std::string zsh_completion(std::span<const Page> pages);
[[nodiscard]] std::string fish_completion(std::span<const Page> pages);

}  // namespace k8scale::subcommands
