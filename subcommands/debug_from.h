#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "k8scale/profile/endpoint.h"

namespace k8scale::subcommands {

/// Declares `--debug-from loopback|any`: who may ask for profiles.
void add_debug_from(CLI::App& app, std::string& value);
/// Throws base::Error when it is neither.
[[nodiscard]] profile::Askers askers_of(const std::string& debug_from);

}  // namespace k8scale::subcommands
