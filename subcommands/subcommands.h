#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace k8scale::subcommands {

/// One tool of the executable. `run` takes what follows its name, returns the exit code, and throws
/// base::Error for what keeps it from starting.
struct Subcommand {
  std::string_view name;
  std::string_view summary;
  int (*run)(const std::vector<std::string>& arguments);
};

[[nodiscard]] std::span<const Subcommand> all();

}  // namespace k8scale::subcommands
