#include "k8scale/observe/work_queue.h"

#include <algorithm>
#include <utility>

namespace k8scale::observe {

void ChangeCounts::count(Change change) {
  switch (change) {
    case Change::add:
      ++adds;
      break;
    case Change::update:
      ++updates;
      break;
    case Change::remove:
      ++deletes;
      break;
  }
}

WorkQueue::Named& WorkQueue::entry_of(std::string_view key) {
  const auto found = entries_.find(key);
  return found != entries_.end() ? *found : *entries_.emplace(key, Entry()).first;
}

void WorkQueue::make_dirty(Named& entry, Moment now) {
  Entry& state = entry.second;
  if (state.dirty) return;
  state.dirty = true;
  if (state.changes.total() == 0) state.first = state.last = now;
  if (!state.processing) ready_.push_back(&entry);
}

void WorkQueue::add(std::string_view key, Change change, Moment now) {
  if (shutting_down_) return;
  Named& entry = entry_of(key);
  make_dirty(entry, now);
  entry.second.changes.count(change);
  entry.second.last = now;
}

void WorkQueue::wake_due(Moment now) {
  while (!resting_.empty() && resting_.begin()->first <= now.steady) {
    Named& entry = *resting_.begin()->second;
    resting_.erase(resting_.begin());
    entry.second.rest.reset();
    make_dirty(entry, now);
  }
}

std::optional<WorkItem> WorkQueue::take(Moment now) {
  wake_due(now);
  if (ready_.empty()) return std::nullopt;
  Named& entry = *ready_.front();
  ready_.pop_front();
  Entry& state = entry.second;
  state.dirty = false;
  state.processing = true;
  ++processing_;
  return WorkItem{entry.first, std::exchange(state.changes, {}), state.first, state.last};
}

void WorkQueue::done(std::string_view key) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.processing) return;
  found->second.processing = false;
  --processing_;
  if (found->second.dirty) {
    ready_.push_back(&*found);
  } else {
    erase_if_idle(found);
  }
}

void WorkQueue::requeue(const WorkItem& item, Moment now) {
  if (shutting_down_) return;
  Named& entry = entry_of(item.key);
  Entry& state = entry.second;
  if (state.changes.total() == 0) state.last = item.last;
  state.first = item.first;
  state.changes.adds += item.changes.adds;
  state.changes.updates += item.changes.updates;
  state.changes.deletes += item.changes.deletes;
  const base::SteadyTime due = now.steady + limiter_.pause(item.key, now.steady);
  if (state.rest && (*state.rest)->first <= due) return;
  if (state.rest) resting_.erase(*state.rest);
  state.rest = resting_.emplace(due, &entry);
}

std::optional<base::SteadyTime> WorkQueue::next_due() const {
  if (resting_.empty()) return std::nullopt;
  return resting_.begin()->first;
}

void WorkQueue::shut_down() {
  shutting_down_ = true;
  while (!resting_.empty()) {
    const auto entry = entries_.find(resting_.begin()->second->first);
    resting_.erase(resting_.begin());
    entry->second.rest.reset();
    erase_if_idle(entry);
  }
}

void WorkQueue::erase_if_idle(Entries::iterator entry) {
  const Entry& state = entry->second;
  if (!state.dirty && !state.processing && !state.rest) entries_.erase(entry);
}

}  // namespace k8scale::observe
