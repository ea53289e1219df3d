#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "k8scale/base/time.h"

namespace k8scale::measure {

/// A file of rows, each one line of text, without a header line.
///
/// Rows reach the file at most 200 ms after `append`, by a thread of its own. When they cannot be written
/// (disk full) the run goes on: they are counted, and later ones are tried again. All members are safe from
/// any thread.
class RowLog {
 public:
  /// Creates the file, or empties it. Throws base::Error, with `exit_code`, that names `flag`, the path and
  /// the reason.
  RowLog(const std::filesystem::path& path, std::string_view flag, int exit_code);
  /// Closes.
  ~RowLog();
  RowLog(const RowLog&) = delete;
  RowLog& operator=(const RowLog&) = delete;

  /// Hands over a row, which ends with "\n". Never waits for the disk: when that is 8 MiB behind, the row is
  /// lost.
  void append(std::string_view row);
  /// The same, but what would be lost is refused, with false, and not counted.
  [[nodiscard]] bool try_append(std::string_view row);

  /// Waits until every row that was handed over before is written or lost; false when `timeout` passed first.
  bool flush(base::Nanoseconds timeout);

  struct Totals {
    std::uint64_t rows_written = 0;
    std::uint64_t rows_lost = 0;
    std::string first_error;  ///< "PATH: No space left on device"; empty: all is well
  };
  [[nodiscard]] Totals totals() const;
  /// Writes what is left and closes the file. Rows that are handed over afterwards are lost.
  Totals close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The sentence that a reader of the rows must know; empty when all were written.
[[nodiscard]] std::string rows_warning(const RowLog::Totals& rows);

}  // namespace k8scale::measure
