#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/base/time.h"
#include "k8scale/observe/moment.h"
#include "k8scale/observe/object_store.h"
#include "k8scale/observe/work_queue.h"

namespace k8scale::observe {

/// How the object stands to what its reader saw last; the tenth column.
enum class Comparison { none = 0, equal = 2, different = 3 };

/// What a worker found when it took a key: rows, counts, metrics and the summary are views of this record.
struct Dequeue {
  enum class Operation { create, update, remove };

  std::string_view key;
  Operation operation = Operation::update;
  Moment now;
  Moment first;  ///< when the key was queued
  Moment last;   ///< when the last change of it was added
  ChangeCounts changes;
  std::optional<base::WallTime> created;  ///< creationTimestamp, while the object exists
  std::optional<base::WallTime> stamp;    ///< the driver's annotation about the one change that this is
  bool from_list = false;                 ///< what it found was told by a list
  Comparison comparison = Comparison::none;

  [[nodiscard]] bool exists() const { return operation != Operation::remove; }
  [[nodiscard]] bool duplicate() const { return comparison == Comparison::equal; }
  /// Whether it stands for exactly one change, of that kind.
  [[nodiscard]] bool one_add() const { return changes.total() == 1 && changes.adds == 1; }
  [[nodiscard]] bool one_update() const { return changes.total() == 1 && changes.updates == 1; }
  /// From the driver's annotation to now: two clocks, maybe of two machines. Nothing without annotation.
  [[nodiscard]] std::optional<base::Nanoseconds> latency() const;
  [[nodiscard]] base::Nanoseconds queue_wait() const { return now.steady - first.steady; }
};

/// Whether states of an object are held against each other (`-no-compare`).
enum class Compare { no, yes };

/// What `item` means, `object` being what is known of it (null: nothing).
[[nodiscard]] Dequeue examine(const WorkItem& item, const StoredObject* object, Compare compare, Moment now);

enum class Columns { nine, ten };

/// Appends `now,op,"ns/name",creationTimestamp,adds,updates,deletes,firstEnqueue,lastEnqueue`, the comparison
/// if there are ten columns, and a line's end. Times are UTC, `YYYY-MM-DD hh:mm:ss.mmm`; creationTimestamp
/// has no milliseconds, and is 2000-01-01 00:00:00 when the object is gone.
void append_row(std::string& out, const Dequeue& dequeue, Columns columns);

}  // namespace k8scale::observe
