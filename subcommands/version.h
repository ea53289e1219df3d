#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace k8scale::subcommands {

/// Version, commit, compiler, and the libraries that state theirs:
/// {"version", "commit", "compiler", "build_type", "libraries": {name: version}}.
[[nodiscard]] nlohmann::ordered_json version_json();
/// The same for people; its first line is "k8scale VERSION".
[[nodiscard]] std::string version_text();

}  // namespace k8scale::subcommands
