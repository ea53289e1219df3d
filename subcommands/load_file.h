#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <span>
#include <string>

namespace k8scale::subcommands {

/// Fills in, from a YAML file, the options of `app` that were not given on the command line. The file is a
/// map from the flags' names, without dashes, to their values. A list of scalars means them joined by ","; a
/// list of maps of `rate` and `for`, and a map of weights, mean what --ramp and --mix take. Throws
/// base::Error that names file, line and key.
void apply_load_file(CLI::App& app, const std::filesystem::path& path);

/// The file that equals the options of `app` as they are now, but for those that change nothing ("--rate").
[[nodiscard]] std::string print_load_file(const CLI::App& app, std::span<const std::string> idle);

}  // namespace k8scale::subcommands
