#pragma once
#include <filesystem>

#include "k8scale/base/time.h"
#include "k8scale/measure/operation.h"
#include "k8scale/measure/row_log.h"

namespace k8scale::measure {

/// The file of rows, one for each operation, written as it ends: `start,end,op,"name","error"`. Times are UTC
/// `YYYY-MM-DD hh:mm:ss.mmm`; op is the verb; name and error are quoted as Go's %q does. start is when the
/// first attempt was sent, end when the last one ended. All members are safe from any thread.
class OperationLog {
 public:
  using Totals = RowLog::Totals;

  /// As RowLog, for the flag -datafile.
  explicit OperationLog(const std::filesystem::path& path, int exit_code = 1)
      : rows_(path, "-datafile", exit_code) {}

  /// Hands over the row of an operation that ended with the attempt `last`; `start` is the `sent_wall` of its
  /// first attempt.
  void append(base::WallTime start, const Operation& last);

  bool flush(base::Nanoseconds timeout) { return rows_.flush(timeout); }
  [[nodiscard]] Totals totals() const { return rows_.totals(); }
  Totals close() { return rows_.close(); }

 private:
  RowLog rows_;
};

/// The file of what watchers showed, one row for each write as its fate becomes known:
/// `sent,op,"name",version,done,first,last,watchers,"error"`. sent is UTC as above, of the last attempt;
/// version is the resourceVersion after the write; done, first and last are nanoseconds from sending to the
/// answer's end and to the event at the first and the last of the watchers that showed it, empty when none
/// did or the last attempt was not sent; watchers is their number; error is that of the operation. All
/// members are safe from any thread.
class SeenLog {
 public:
  /// As RowLog, for the flag --observe.
  explicit SeenLog(const std::filesystem::path& path, int exit_code = 1)
      : rows_(path, "--observe", exit_code) {}

  void append(const Operation& write);

  bool flush(base::Nanoseconds timeout) { return rows_.flush(timeout); }
  RowLog::Totals close() { return rows_.close(); }

 private:
  RowLog rows_;
};

}  // namespace k8scale::measure
