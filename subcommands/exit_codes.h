#pragma once

namespace k8scale::subcommands {

/// Exit codes that several subcommands share; docs/files.md has all of them.
inline constexpr int data_file_exit_code = 5;     ///< -datafile
inline constexpr int list_failed_exit_code = 10;  ///< the first list never succeeded
inline constexpr int output_lost_exit_code = 12;  ///< rows, a summary or text were not written whole

}  // namespace k8scale::subcommands
