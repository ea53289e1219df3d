#include "k8scale/observe/audit.h"

namespace k8scale::observe {
using kube::EventType;

Audit::Deletion* Audit::find_deletion(std::string_view key) {
  const std::size_t hash = TextHash()(key);
  Deletion* latest = nullptr;
  for (Deletion& each : deletions_) {
    const bool same = each.version != 0 && each.key_hash == hash;
    if (same && (latest == nullptr || each.version > latest->version)) latest = &each;
  }
  return latest;
}

void Audit::note_deletion(std::string_view key, std::uint64_t version, bool create_missed) {
  deletions_[next_deletion_] = {TextHash()(key), version, create_missed};
  next_deletion_ = (next_deletion_ + 1) % deletions_.size();
}

// A change that was taken for missed was only late.
void Audit::correct(EventType type, StoredObject* known, Deletion* deletion) {
  if (type == EventType::added && known != nullptr && known->create_unseen) {
    known->create_unseen = false;
    --counts_.missed.creates;
  } else if (type == EventType::added && deletion != nullptr && deletion->create_missed) {
    deletion->create_missed = false;
    --counts_.missed.creates;
  } else if (type == EventType::deleted && known != nullptr && known->delete_unseen) {
    known->delete_unseen = false;
    --counts_.missed.deletes;
  }
}

// Whether what the store has of the object fits an event that is newer.
bool Audit::create_was_missed(EventType type, StoredObject* known) {
  if (type == EventType::added && known != nullptr) {
    known->delete_unseen = true;
    ++counts_.missed.deletes;
  }
  const bool missed = type != EventType::added && known == nullptr;
  if (missed) ++counts_.missed.creates;
  return missed;
}

Audit::Verdict Audit::event(EventType type, std::string_view key, std::uint64_t version,
                            StoredObject* known) {
  Verdict verdict;
  const bool late = version != 0 && version <= last_;
  if (late) {
    Deletion* const deletion = known != nullptr ? nullptr : find_deletion(key);
    const std::uint64_t deleted = deletion != nullptr ? deletion->version : 0;
    const std::uint64_t newest = known != nullptr ? known->version : deleted;
    verdict.repeated = version == newest;
    verdict.outdated = version < newest;
    if (verdict.repeated) {
      ++counts_.duplicated;
      return verdict;
    }
    if (version < last_) ++counts_.reordered;
    if (verdict.outdated) {
      correct(type, known, deletion);
      return verdict;
    }
  }
  last_ = std::max(last_, version);
  verdict.create_missed = create_was_missed(type, known);
  if (type == EventType::deleted && version != 0) note_deletion(key, version, verdict.create_missed);
  return verdict;
}

void Audit::relisted(std::uint64_t version, const StoredObject* known) {
  if (known == nullptr) {
    ++counts_.missed.creates;
  } else if (version > known->version) {  // a list may be older than what events told
    ++counts_.missed.updates;
  }
}

}  // namespace k8scale::observe
