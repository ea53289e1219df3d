#pragma once
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/kube/reflector.h"
#include "k8scale/measure/operation.h"

namespace k8scale::load {

/// What a driver knows of a write that has ended.
enum class WriteFate {
  happened,        ///< the server said so
  unknown,         ///< it may have, but no answer, or none that is clear, came
  did_not_happen,  ///< the server refused it, or never got it
  cleaned_up,      ///< a delete that was no write of the run: the clean-up's, after it
};

struct FinishedWrite {
  measure::Operation operation;  ///< its last attempt
  WriteFate fate = WriteFate::happened;
};

/// Joins what watchers show of a run's objects with the writes that caused it: creates and updates by the
/// object's name and the version in the answer, deletes by the name of an object that is gone. An event may
/// come before the answer. Names are not used twice in a run, and the writes of one object end one after the
/// other. Belongs to one thread; knows no clock.
///
/// It holds only writes and events that wait for each other, at most `most_waiting` of both together: what
/// comes when it is full is not followed.
class WriteJoin {
 public:
  static constexpr std::size_t most_watchers = 256;
  static constexpr std::size_t most_waiting = 200'000;

  struct Options {
    std::size_t watchers = 1;  ///< 1 to most_watchers; they are numbered from 0
    /// Called once for each write that happened, with `seen` filled in, when no watcher will show more of it;
    /// and by `settle` for each of unknown fate that some watcher showed.
    std::function<void(const measure::Operation&)> settled;
    std::function<void()> not_followed;  ///< called for a write that happened and will not be settled
  };

  explicit WriteJoin(Options options);

  void finished(FinishedWrite write);

  /// A watcher showed an event. `version` is the object's; the last one of a deleted object.
  void shown(std::size_t watcher, kube::EventType type, std::string_view name, std::uint64_t version,
             base::SteadyTime when);

  // A watcher lists. An object that is listed with the very version of a write shows that write. What no list
  // shows and lies before its end is missed.
  void list_begun(std::size_t watcher);
  void listed(std::size_t watcher, std::string_view name, std::uint64_t version, base::SteadyTime when);
  void list_ended(std::size_t watcher, std::uint64_t version);

  /// Writes that happened and that some watcher may still show.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// Writes and events that are held.
  [[nodiscard]] std::size_t held() const { return held_; }

  /// No watcher will show anything more: settles every write.
  void settle();

 private:
  using Watchers = std::bitset<most_watchers>;

  // One state of an object: a write that made it, events that showed it, or both.
  struct Change {
    kube::EventType type = kube::EventType::added;
    std::uint64_t version = 0;  // 0: a deletion that no event has shown
    std::uint64_t created = 0;  // of a deletion: the object was created at this version or before
    std::optional<measure::Operation> write;
    Watchers shown;
    Watchers missed;
    base::SteadyTime first;
    base::SteadyTime last;
  };
  struct Object {
    std::vector<Change> changes;
    std::vector<measure::Operation> unknown;
  };
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  using Objects = std::unordered_map<std::string, Object, NameHash, std::equal_to<>>;
  // What a watcher's lists say.
  struct Listing {
    std::uint64_t version = 0;  // of the last one that ended
    // Objects that were deleted before the present one began, and that it has not shown.
    std::unordered_set<std::string> gone;
  };

  [[nodiscard]] Object* find(std::string_view name);
  Change* find_or_add(std::string_view name, kube::EventType type, std::uint64_t version);
  static Change* find_in(Object& object, kube::EventType type, std::uint64_t version);
  [[nodiscard]] bool is_complete(const Change& change) const;

  void happened(measure::Operation write);
  void cleaned_up(std::string_view name);
  void mark(Change& change, std::string_view name, std::uint64_t version, std::size_t watcher,
            base::SteadyTime when);
  void miss_what_was_listed_over(Change& change) const;
  void take_complete(std::string_view name);
  void settle_change(Change& change);
  void settle_writes(Object& object);
  void settle_unknown(Object& object);
  void end_life(std::string_view name);

  Options options_;
  Objects objects_;
  std::vector<Listing> listings_;
  std::uint64_t highest_listed_ = 0;
  std::uint64_t highest_written_ = 0;
  std::size_t waiting_ = 0;
  std::size_t held_ = 0;
};

}  // namespace k8scale::load
