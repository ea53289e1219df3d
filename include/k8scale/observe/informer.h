#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/kube/reflector.h"
#include "k8scale/observe/audit.h"
#include "k8scale/observe/object_store.h"
#include "k8scale/observe/work_queue.h"

namespace k8scale::observe {

/// Who is told what changed.
class ChangeHandler {
 public:
  virtual ~ChangeHandler() = default;
  /// The store has the new state of `key` already. Must not call Informer::forget.
  virtual void changed(Change change, std::string_view key) = 0;
};

struct EventCounts {
  std::uint64_t listed = 0;  ///< objects in lists
  std::uint64_t added = 0;   ///< events of the watch
  std::uint64_t modified = 0;
  std::uint64_t deleted = 0;
  [[nodiscard]] std::uint64_t of_watch() const { return added + modified + deleted; }
};

/// Keeps what exists, as lists and events tell it, and calls a handler for what is new, as client-go's shared
/// informer does. An object that a list shows unchanged is no news; one that a list shows no more is deleted.
/// An event that repeats an object's version is handed on, so that it can be recorded; one that is older than
/// its object's state is only counted. Belongs to its reflector's shard.
class Informer final : public kube::ReflectorSink {
 public:
  /// Nobody reads: what is deleted is forgotten at once.
  Informer() = default;
  /// `handler` must outlive it.
  explicit Informer(ChangeHandler& handler) : handler_(&handler) {}

  /// For ReflectorOptions::annotations.
  [[nodiscard]] static std::vector<std::string> annotations();

  void list_begun() override;
  void listed(const kube::ObjectView& object, base::SteadyTime received) override;
  void list_ended(std::string_view resource_version) override;
  void changed(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received) override;
  void bookmark(std::string_view resource_version) override;
  void watch_opened(base::SteadyTime now) override;
  void watch_closed() override { watching_ = false; }

  /// What is known of `key`, null when that is nothing. An object that was deleted is known until `forget`.
  [[nodiscard]] StoredObject* find(std::string_view key);
  /// The reader has taken note that the object is gone.
  void forget(std::string_view key);

  [[nodiscard]] std::size_t objects() const { return existing_; }
  /// Whether a list was complete.
  [[nodiscard]] bool synced() const { return lists_ended_ > 0; }
  /// Whether a watch is open, so that what changes is told.
  [[nodiscard]] bool watching() const { return watching_; }
  /// When the latest object or event came, or the watch was opened; the clock's epoch when nothing was.
  [[nodiscard]] base::SteadyTime last_news() const { return last_news_; }
  [[nodiscard]] const EventCounts& events() const { return events_; }
  [[nodiscard]] const AuditCounts& audit() const { return audit_.counts(); }
  [[nodiscard]] std::uint64_t last_version() const { return audit_.last(); }

 private:
  std::string_view key_of(const kube::ObjectView& object);
  void store(const kube::ObjectView& object, StoredObject& into) const;
  void remove(ObjectStore::iterator object, std::uint64_t version);

  void tell(Change change, std::string_view key);

  ChangeHandler* handler_ = nullptr;
  ObjectStore store_;
  Audit audit_;
  EventCounts events_;
  std::string key_;
  std::size_t existing_ = 0;
  std::uint32_t list_ = 0;  // number of the latest list that began
  std::uint64_t lists_ended_ = 0;
  bool listing_ = false;  // what comes belongs to a list, and stands in no order
  bool watching_ = false;
  base::SteadyTime last_news_;
};

}  // namespace k8scale::observe
