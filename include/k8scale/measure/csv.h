#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "k8scale/base/time.h"
#include "k8scale/measure/operation.h"

namespace k8scale::measure {

/// The file of rows, one for each operation, written as it ends, without a header line:
/// `start,end,op,"name","error"`. Times are UTC `YYYY-MM-DD hh:mm:ss.mmm`; op is the verb; name and error are
/// quoted as Go's %q does. start is when the first attempt was sent, end when the last one ended.
///
/// Rows reach the file at most 200 ms after `append`, by a thread of its own. When they cannot be written
/// (disk full) the run goes on: they are counted, and later ones are tried again. All members are safe from
/// any thread.
class OperationLog {
 public:
  /// Creates the file, or empties it. Throws base::Error, with `exit_code`, that names the flag -datafile,
  /// the path and the reason.
  explicit OperationLog(const std::filesystem::path& path, int exit_code = 1);
  /// Closes.
  ~OperationLog();
  OperationLog(const OperationLog&) = delete;
  OperationLog& operator=(const OperationLog&) = delete;

  /// Hands over the row of an operation that ended with the attempt `last`; `start` is the `sent_wall` of its
  /// first attempt. Never waits for the disk: when that is 8 MiB behind, the row is lost.
  void append(base::WallTime start, const Operation& last);

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

}  // namespace k8scale::measure
