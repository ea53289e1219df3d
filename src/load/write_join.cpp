#include "k8scale/load/write_join.h"

#include <algorithm>

#include "k8scale/kube/resource_version.h"

namespace k8scale::load {
namespace {

using kube::EventType;

EventType event_of(measure::Verb verb) {
  if (verb == measure::Verb::create) return EventType::added;
  return verb == measure::Verb::remove ? EventType::deleted : EventType::modified;
}

}  // namespace

WriteJoin::WriteJoin(Options options) : options_(std::move(options)), listings_(options_.watchers) {}

WriteJoin::Object* WriteJoin::find(std::string_view name) {
  const auto found = objects_.find(name);
  return found == objects_.end() ? nullptr : &found->second;
}

// A version tells which state of an object is meant, but for the deletion, of which there is only one.
WriteJoin::Change* WriteJoin::find_in(Object& object, EventType type, std::uint64_t version) {
  const bool deleted = type == EventType::deleted;
  const auto found = std::find_if(object.changes.begin(), object.changes.end(), [&](const Change& change) {
    return (change.type == EventType::deleted) == deleted && (deleted || change.version == version);
  });
  return found == object.changes.end() ? nullptr : &*found;
}

// Null when there is no room for another.
WriteJoin::Change* WriteJoin::find_or_add(std::string_view name, EventType type, std::uint64_t version) {
  Object* object = find(name);
  Change* change = object == nullptr ? nullptr : find_in(*object, type, version);
  if (change != nullptr || held_ >= most_waiting) return change;
  if (object == nullptr) object = &objects_[std::string(name)];
  change = &object->changes.emplace_back();
  change->type = type;
  change->version = version;
  ++held_;
  return change;
}

void WriteJoin::finished(FinishedWrite write) {
  measure::Operation& operation = write.operation;
  if (write.fate == WriteFate::happened) {
    happened(std::move(operation));
  } else if (write.fate == WriteFate::unknown) {
    if (held_ >= most_waiting) return;
    ++held_;
    std::vector<measure::Operation>& unknown = objects_[operation.object_name].unknown;
    unknown.push_back(std::move(operation));
  } else if (write.fate == WriteFate::cleaned_up) {
    cleaned_up(operation.object_name);
  } else if (operation.verb != measure::Verb::update && operation.verb != measure::Verb::patch) {
    end_life(operation.object_name);  // no write follows a failed create, nor a delete
  }
}

// The object was still there after the run: no event of its deletion is one of the run's deletes.
void WriteJoin::cleaned_up(std::string_view name) {
  Object* const object = find(name);
  if (object == nullptr) return;
  held_ -= std::erase_if(object->unknown,
                         [](const measure::Operation& write) { return write.verb == measure::Verb::remove; });
  end_life(name);
}

void WriteJoin::happened(measure::Operation write) {
  const EventType type = event_of(write.verb);
  const std::uint64_t version = type == EventType::deleted ? 0 : kube::version_number(write.resource_version);
  const bool can_be_found = type == EventType::deleted || version != 0;
  Change* const change = can_be_found ? find_or_add(write.object_name, type, version) : nullptr;
  if (change == nullptr) return options_.not_followed();
  const std::string name = write.object_name;
  ++waiting_;
  highest_written_ = std::max(highest_written_, version);
  change->type = type;
  change->created = highest_written_;
  change->write = std::move(write);
  miss_what_was_listed_over(*change);
  if (is_complete(*change)) take_complete(name);
}

void WriteJoin::shown(std::size_t watcher, EventType type, std::string_view name, std::uint64_t version,
                      base::SteadyTime when) {
  Change* const change = find_or_add(name, type, version);
  if (change == nullptr) return;
  if (!change->write) change->type = type;  // a list may have shown it first
  mark(*change, name, version, watcher, when);
}

void WriteJoin::list_begun(std::size_t watcher) {
  std::unordered_set<std::string>& gone = listings_[watcher].gone;
  gone.clear();
  for (auto& [name, object] : objects_) {
    const Change* const deletion = find_in(object, EventType::deleted, 0);
    if (deletion != nullptr && deletion->write && !deletion->shown[watcher]) gone.insert(name);
  }
}

void WriteJoin::listed(std::size_t watcher, std::string_view name, std::uint64_t version,
                       base::SteadyTime when) {
  if (!listings_[watcher].gone.empty()) listings_[watcher].gone.erase(std::string(name));
  Change* const change = find_or_add(name, EventType::added, version);
  if (change != nullptr) mark(*change, name, version, watcher, when);
}

void WriteJoin::list_ended(std::size_t watcher, std::uint64_t version) {
  Listing& listing = listings_[watcher];
  listing.version = std::max(listing.version, version);
  highest_listed_ = std::max(highest_listed_, version);
  std::vector<std::string> complete;
  for (auto& [name, object] : objects_) {
    bool some = false;
    for (Change& change : object.changes) {
      miss_what_was_listed_over(change);
      const bool deleted = change.type == EventType::deleted && change.created <= version;
      if (deleted && !change.shown[watcher] && listing.gone.count(name) > 0) change.missed.set(watcher);
      some = some || is_complete(change);
    }
    if (some) complete.push_back(name);
  }
  for (const std::string& name : complete) take_complete(name);
  listing.gone.clear();
}

// A watch goes on from the version of its last list.
void WriteJoin::miss_what_was_listed_over(Change& change) const {
  if (change.version == 0 || change.version > highest_listed_) return;
  for (std::size_t i = 0; i < listings_.size(); ++i) {
    if (!change.shown[i] && change.version <= listings_[i].version) change.missed.set(i);
  }
}

void WriteJoin::mark(Change& change, std::string_view name, std::uint64_t version, std::size_t watcher,
                     base::SteadyTime when) {
  if (change.shown[watcher] || change.missed[watcher]) return;
  change.version = version;
  change.first = change.shown.none() ? when : std::min(change.first, when);
  change.last = change.shown.none() ? when : std::max(change.last, when);
  change.shown.set(watcher);
  miss_what_was_listed_over(change);
  if (is_complete(change)) take_complete(name);
}

bool WriteJoin::is_complete(const Change& change) const {
  return change.write && (change.shown | change.missed).count() == options_.watchers;
}

void WriteJoin::take_complete(std::string_view name) {
  Object& object = *find(name);
  bool gone = false;
  std::erase_if(object.changes, [&](Change& change) {
    if (!is_complete(change)) return false;
    gone = gone || change.type == EventType::deleted;
    settle_change(change);
    return true;
  });
  if (gone) {
    end_life(name);
  } else if (object.changes.empty() && object.unknown.empty()) {
    objects_.erase(objects_.find(name));
  }
}

// Events of that name that wait for an answer wait in vain, but for those of a write whose answer was lost.
void WriteJoin::end_life(std::string_view name) {
  const auto found = objects_.find(name);
  if (found == objects_.end() || !found->second.unknown.empty()) return;
  std::vector<Change>& changes = found->second.changes;
  held_ -= std::erase_if(changes, [](const Change& change) { return !change.write; });
  if (changes.empty()) objects_.erase(found);
}

void WriteJoin::settle_change(Change& change) {
  if (!change.write) return;
  measure::Operation& write = *change.write;
  if (write.resource_version.empty() && change.version != 0) {
    write.resource_version = std::to_string(change.version);
  }
  write.seen.first = change.first;
  write.seen.last = change.last;
  write.seen.watchers = change.shown.count();
  write.seen.missed_by = options_.watchers - write.seen.watchers;
  --waiting_;
  --held_;
  options_.settled(write);
}

// Events that no answer explains are those of writes whose answers were lost.
void WriteJoin::settle_unknown(Object& object) {
  for (measure::Operation& write : object.unknown) {
    const auto event = std::find_if(object.changes.begin(), object.changes.end(), [&](const Change& change) {
      return !change.write && change.type == event_of(write.verb);
    });
    if (event == object.changes.end()) continue;
    write.resource_version = std::to_string(event->version);
    write.seen = {event->first, event->last, event->shown.count(), 0};
    options_.settled(write);
    object.changes.erase(event);
  }
}

void WriteJoin::settle_writes(Object& object) {
  for (Change& change : object.changes) settle_change(change);
  std::erase_if(object.changes, [](const Change& change) { return change.write.has_value(); });
}

void WriteJoin::settle() {
  for (auto& entry : objects_) {
    settle_writes(entry.second);
    settle_unknown(entry.second);
  }
  objects_.clear();
  held_ = 0;
}

}  // namespace k8scale::load
