#pragma once
#include <string>

namespace k8scale::subcommands {

/// Throws base::Error with that exit code when the file that a flag names could not be written at the end of
/// the run. An empty name is none.
void check_output_file(const char* flag, const std::string& file, int exit_code);

}  // namespace k8scale::subcommands
