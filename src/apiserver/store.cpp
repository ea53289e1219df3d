#include "store.h"

#include <algorithm>

namespace k8scale::apiserver {
namespace {

// Counts what the event keeps alive, both versions in full: an upper bound, as versions are shared.
std::size_t cost(const Event& event) {
  return sizeof(Event) + (event.previous ? event.previous->bytes() : 0) +
         (event.current ? event.current->bytes() : 0);
}

}  // namespace

ObjectPointer Store::find(std::size_t resource, KeyView key) const {
  const auto found = objects_[resource].find(key);
  return found == objects_[resource].end() ? nullptr : found->second;
}

// What differed at `revision` from now: the version of then, or null for what did not exist.
Store::Objects Store::undone_changes(std::size_t resource, std::uint64_t revision) const {
  Objects past;
  for (auto event = events_.rbegin(); event != events_.rend() && event->revision > revision; ++event) {
    if (event->resource == resource) past[event->key()] = event->previous;
  }
  return past;
}

void Store::scan(std::size_t resource, std::uint64_t revision, KeyView from,
                 const std::function<bool(const ObjectPointer&)>& visit) const {
  const Objects past = undone_changes(resource, revision);
  const Objects& present = objects_[resource];
  auto now = present.lower_bound(from);
  auto then = past.lower_bound(from);
  const KeyOrder before;
  while (now != present.end() || then != past.end()) {
    const bool changed = then != past.end() && (now == present.end() || !before(now->first, then->first));
    if (changed && now != present.end() && now->first == then->first) ++now;
    const ObjectPointer& object = changed ? (then++)->second : (now++)->second;
    if (object && !visit(object)) return;
  }
}

ObjectPointer Store::put(std::size_t resource, Json document) {
  auto current = std::make_shared<const Object>(std::move(document), ++revision_);
  ObjectPointer& place = objects_[resource][current->key()];
  record({revision_, resource, std::exchange(place, current), current});
  return current;
}

bool Store::remove(std::size_t resource, KeyView key) {
  const auto found = objects_[resource].find(key);
  if (found == objects_[resource].end()) return false;
  record({++revision_, resource, std::move(found->second), nullptr});
  objects_[resource].erase(found);
  return true;
}

void Store::compact() {
  events_.clear();
  event_bytes_ = 0;
  oldest_ = revision_;
  std::fill(forgotten_.begin(), forgotten_.end(), revision_);
}

void Store::record(Event event) {
  event_bytes_ += cost(event);
  events_.push_back(std::move(event));
  while (events_.size() > window_.events || event_bytes_ > window_.bytes) {
    event_bytes_ -= cost(events_.front());
    oldest_ = events_.front().revision;
    forgotten_[events_.front().resource] = oldest_;
    events_.pop_front();
  }
}

}  // namespace k8scale::apiserver
