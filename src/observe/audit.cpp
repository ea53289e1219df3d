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

// What is told after something newer. A change that was taken for missed was only late.
Audit::Verdict Audit::late_event(EventType type, std::string_view key, std::uint64_t version,
                                 StoredObject* known) {
  Deletion* const deletion = known != nullptr ? nullptr : find_deletion(key);
  Verdict verdict;
  const std::uint64_t newest = known != nullptr      ? known->version
                               : deletion != nullptr ? deletion->version
                                                     : 0;
  verdict.repeated = version == newest;
  verdict.outdated = version < newest;
  if (verdict.repeated) {
    ++counts_.duplicates;
    return verdict;
  }
  if (version < last_) ++counts_.backwards;
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
  return verdict;
}

Audit::Verdict Audit::in_order(EventType type, StoredObject* known) {
  Verdict verdict;
  if (type == EventType::added && known != nullptr) {
    known->delete_unseen = true;
    ++counts_.missed.deletes;
  }
  if (type != EventType::added && known == nullptr) {
    verdict.create_missed = true;
    ++counts_.missed.creates;
  }
  return verdict;
}

Audit::Verdict Audit::event(EventType type, std::string_view key, std::uint64_t version,
                            StoredObject* known) {
  const bool late = version != 0 && version <= last_;
  last_ = std::max(last_, version);
  const Verdict verdict = late ? late_event(type, key, version, known) : in_order(type, known);
  if (type == EventType::deleted && version != 0 && !verdict.repeated && !verdict.outdated) {
    note_deletion(key, version, verdict.create_missed);
  }
  return verdict;
}

void Audit::relisted(std::uint64_t version, const StoredObject* known) {
  if (known == nullptr) {
    ++counts_.missed.creates;
  } else if (version != known->version) {
    ++counts_.missed.updates;
  }
}

}  // namespace k8scale::observe
