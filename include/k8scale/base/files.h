#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"

namespace k8scale::base {

/// The whole file, or a failure whose detail is "PATH: reason".
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);

enum class FileMode { normal = 0644, secret = 0600 };

/// Writes a temporary file beside `path` and renames it: whole or not at all. A device or a pipe is written
/// to.
[[nodiscard]] Result<void> write_file_whole(const std::filesystem::path& path, std::string_view content,
                                            FileMode mode = FileMode::normal);

/// Writes `text` to an open file, in several pieces if need be. What could not be written, which errno then
/// says why.
[[nodiscard]] std::string_view rest_after_writing(int descriptor, std::string_view text);

/// Whether `write_file_whole` could write there now; leaves nothing behind.
[[nodiscard]] Result<void> check_writable(const std::filesystem::path& path);

}  // namespace k8scale::base
