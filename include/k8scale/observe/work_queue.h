#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "k8scale/base/time.h"
#include "k8scale/observe/moment.h"
#include "k8scale/observe/requeue_limiter.h"
#include "k8scale/observe/text_map.h"

namespace k8scale::observe {

enum class Change { add, update, remove };

struct ChangeCounts {
  std::uint32_t adds = 0;
  std::uint32_t updates = 0;
  std::uint32_t deletes = 0;

  [[nodiscard]] std::uint64_t total() const { return std::uint64_t{adds} + updates + deletes; }
  void count(Change change);
};

/// A key, and what was queued for it since it was last taken.
struct WorkItem {
  std::string key;
  ChangeCounts changes;
  Moment first;  ///< when it was queued
  Moment last;   ///< when the last change was added
};

/// Keys that wait for a worker, as client-go's rate-limiting work queue keeps them: first in, first out; a
/// key is queued once however often it is added; one that is added while it is being processed is queued
/// again when that is done; one that failed comes back after the pause of a RequeueLimiter. Belongs to one
/// thread, and waits for nothing: its owner wakes workers after `add`, `requeue` and `done`, and at
/// `next_due`.
class WorkQueue {
 public:
  void add(std::string_view key, Change change, Moment now);

  /// The key that waits longest, which is then being processed until `done`; nothing when none is ready.
  [[nodiscard]] std::optional<WorkItem> take(Moment now);
  void done(std::string_view key);

  /// Processing failed: the key and what was queued for it come back later. `done` must still follow.
  void requeue(const WorkItem& item, Moment now);
  /// Processing went well: the key's next failure will be its first.
  void forget(std::string_view key) { limiter_.forget(key); }

  /// When the next of the keys that failed comes back; nothing when there is none.
  [[nodiscard]] std::optional<base::SteadyTime> next_due() const;

  /// From now on nothing is added and nothing comes back; what is ready can still be taken.
  void shut_down();
  [[nodiscard]] bool shutting_down() const { return shutting_down_; }

  [[nodiscard]] std::size_t ready() const { return ready_.size(); }
  [[nodiscard]] std::size_t processing() const { return processing_; }
  /// Keys that failed and have not come back yet.
  [[nodiscard]] std::size_t resting() const { return resting_.size(); }

 private:
  struct Entry;
  using Entries = TextMap<Entry>;
  using Named = std::pair<const std::string, Entry>;  // an element of Entries
  using Resting = std::multimap<base::SteadyTime, Named*>;
  struct Entry {
    ChangeCounts changes;
    Moment first;
    Moment last;
    bool dirty = false;  // has to be processed (again)
    bool processing = false;
    std::optional<Resting::iterator> rest;
  };

  Named& entry_of(std::string_view key);
  void make_dirty(Named& entry, Moment now);
  void wake_due(Moment now);
  void erase_if_idle(Entries::iterator entry);

  Entries entries_;
  std::deque<Named*> ready_;
  Resting resting_;
  RequeueLimiter limiter_;
  std::size_t processing_ = 0;
  bool shutting_down_ = false;
};

}  // namespace k8scale::observe
