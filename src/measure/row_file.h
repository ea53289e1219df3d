#pragma once
#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace k8scale::measure {

/// A file that is written in whole lines: what a failed write left of a line is cut off again, so that later
/// lines stay readable. Belongs to one thread at a time.
class RowFile {
 public:
  /// Creates or empties the file; then `error()` is 0 or the errno.
  explicit RowFile(const std::filesystem::path& path);
  ~RowFile();
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;

  /// Writes `count` lines that each end with "\n"; how many were written whole.
  std::uint64_t write(std::string_view lines, std::uint64_t count);
  void close();
  /// errno of the first thing that went wrong.
  [[nodiscard]] int error() const { return error_; }

 private:
  void cut_to_whole_lines();

  int descriptor_;
  bool regular_ = false;
  off_t whole_ = 0;  // bytes of whole lines
  int error_ = 0;
};

}  // namespace k8scale::measure
