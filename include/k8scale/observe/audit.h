#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "k8scale/kube/reflector.h"
#include "k8scale/observe/object_store.h"

namespace k8scale::observe {

/// Changes that no event told of, as a later event or a list shows.
struct MissedChanges {
  std::uint64_t creates = 0;
  std::uint64_t updates = 0;
  std::uint64_t deletes = 0;
  [[nodiscard]] std::uint64_t total() const { return creates + updates + deletes; }
};

/// What a watch owes its reader and did not give. Where versions are no numbers, order and duplicates cannot
/// be told.
struct AuditCounts {
  std::uint64_t reordered = 0;   ///< events whose version is lower than that of one before them
  std::uint64_t duplicated = 0;  ///< events of an object and version that was shown before
  MissedChanges missed;
  [[nodiscard]] std::uint64_t total() const { return reordered + duplicated + missed.total(); }
};

/// Holds the events of a watch against each other and against lists. Costs a comparison or two an event.
class Audit {
 public:
  /// How an event stands to what was shown before.
  struct Verdict {
    bool repeated = false;       ///< the same object and version was shown before
    bool outdated = false;       ///< a newer state of its object was shown before
    bool create_missed = false;  ///< an object that nothing had told of
  };

  /// An event, before the store takes it in; `known` is what the store has of the object, null when that does
  /// not exist.
  Verdict event(kube::EventType type, std::string_view key, std::uint64_t version, StoredObject* known);
  /// An object of a list that is not the first; `known` as above.
  void relisted(std::uint64_t version, const StoredObject* known);
  /// The list did not show an object that the store has.
  void vanished() { ++counts_.missed.deletes; }
  /// A list of that version ended: events are held against it from now on.
  void list_ended(std::uint64_t version) { last_ = version; }
  /// Nothing is left to be shown up to that version.
  void bookmark(std::uint64_t version) { last_ = std::max(last_, version); }

  [[nodiscard]] const AuditCounts& counts() const { return counts_; }
  /// The latest version that was shown.
  [[nodiscard]] std::uint64_t last() const { return last_; }

 private:
  // A deletion that was shown lately.
  struct Deletion {
    std::size_t key_hash = 0;
    std::uint64_t version = 0;
    bool create_missed = false;
  };

  [[nodiscard]] Deletion* find_deletion(std::string_view key);
  void note_deletion(std::string_view key, std::uint64_t version, bool create_missed);
  void correct(kube::EventType type, StoredObject* known, Deletion* deletion);
  bool create_was_missed(kube::EventType type, StoredObject* known);

  AuditCounts counts_;
  std::uint64_t last_ = 0;
  std::array<Deletion, 256> deletions_{};
  std::size_t next_deletion_ = 0;
};

}  // namespace k8scale::observe
