#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace k8scale::load {

/// What a run was started with, in the order in which it is written.
using Parameters =
    std::vector<std::pair<std::string, std::variant<std::string, std::int64_t, std::uint64_t, double, bool>>>;

/// Writes `NAME=value` lines that a POSIX shell can read: strings in double quotes. Throws base::Error, with
/// exit code 10 when the file cannot be created and 11 when it cannot be written whole.
void write_parameter_file(const std::filesystem::path& path, const Parameters& parameters);

}  // namespace k8scale::load
