#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "flag_table.h"

namespace k8scale::subcommands {

/// How a subcommand is called: with what follows its name, or only to tell its flags.
struct Invocation {
  std::vector<std::string> arguments;
  FlagTable* describe = nullptr;  ///< when not null: put the flags there, and do nothing else
};

/// Reads the arguments into the options of `app`. Nothing when the subcommand is to go on; else its exit
/// code: help or what is wrong has been printed, or the flags are described.
[[nodiscard]] std::optional<int> parse(CLI::App& app, const Invocation& invocation);

}  // namespace k8scale::subcommands
