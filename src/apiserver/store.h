#pragma once
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "object.h"
#include "refusal.h"

namespace k8scale::apiserver {

/// How much of the past the store keeps, for watches and for pages of older lists. Whichever is reached
/// first.
struct EventWindow {
  std::size_t events = 100'000;
  std::size_t bytes = 16 << 20;
};

/// What happened to an object at a revision.
struct Event {
  std::uint64_t revision = 0;
  std::size_t resource = 0;  ///< index in the ResourceTable
  ObjectPointer previous;    ///< null: it was created
  ObjectPointer current;     ///< null: it was deleted
  [[nodiscard]] const Key& key() const { return current ? current->key() : previous->key(); }
};

/// All objects, in memory, with one revision counter across all resources. Belongs to one thread.
class Store {
 public:
  using Objects = std::map<Key, ObjectPointer, KeyOrder>;

  Store(std::size_t resources, EventWindow window)
      : objects_(resources), forgotten_(resources, 1), window_(window) {}

  [[nodiscard]] std::size_t resources() const { return objects_.size(); }
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  /// The oldest revision at which a list can still be read.
  [[nodiscard]] std::uint64_t oldest_revision() const { return oldest_; }
  /// The oldest revision from which a watch of the resource misses nothing: what others of its resources did
  /// may be forgotten.
  [[nodiscard]] std::uint64_t oldest_revision(std::size_t resource) const { return forgotten_[resource]; }
  [[nodiscard]] const Objects& objects(std::size_t resource) const { return objects_[resource]; }
  /// Null when there is none.
  [[nodiscard]] ObjectPointer find(std::size_t resource, KeyView key) const;
  /// Shows the objects as they were at `revision` (from the oldest to the present one), in order, from `from`
  /// on, until `visit` returns false.
  void scan(std::size_t resource, std::uint64_t revision, KeyView from,
            const std::function<bool(const ObjectPointer&)>& visit) const;

  /// Creates or replaces the object that `document` names; the version gets the next revision.
  ObjectPointer put(std::size_t resource, Json document);
  /// Takes the object away; false when there is none.
  bool remove(std::size_t resource, KeyView key);
  /// Forgets the past, as a compaction does.
  void compact();

  /// In the order of their revisions, without gaps.
  [[nodiscard]] const std::deque<Event>& events() const { return events_; }
  /// The event that made `revision`, which is younger than the oldest one and has come.
  [[nodiscard]] const Event& event_at(std::uint64_t revision) const {
    return events_[revision - events_.front().revision];
  }
  [[nodiscard]] std::size_t event_bytes() const { return event_bytes_; }

 private:
  void record(Event event);
  [[nodiscard]] Objects undone_changes(std::size_t resource, std::uint64_t revision) const;

  std::vector<Objects> objects_;
  std::vector<std::uint64_t> forgotten_;  // of each resource, the youngest revision that fell out
  EventWindow window_;
  std::deque<Event> events_;
  std::size_t event_bytes_ = 0;
  std::uint64_t revision_ = 1;
  std::uint64_t oldest_ = 1;
};

}  // namespace k8scale::apiserver
