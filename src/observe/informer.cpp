#include "k8scale/observe/informer.h"

#include "k8scale/kube/resource_version.h"

namespace k8scale::observe {
using kube::EventType;

std::vector<std::string> Informer::annotations() {
  return {"scaletest/createTimestamp", "scaletest/updateTimestamp"};
}

std::string_view Informer::key_of(const kube::ObjectView& object) {
  key_.assign(object.namespace_name);
  if (!key_.empty()) key_ += '/';
  key_ += object.name;
  return key_;
}

void Informer::store(const kube::ObjectView& object, StoredObject& into) const {
  into.version = kube::version_number(object.resource_version);
  into.content_hash = object.content_hash;
  into.created.set(object.created);
  const bool annotated = object.annotations.size() == 2;
  into.create_stamp.set(annotated ? base::parse_zoned_millis(object.annotations[0]) : std::nullopt);
  into.update_stamp.set(annotated ? base::parse_zoned_millis(object.annotations[1]) : std::nullopt);
}

void Informer::list_begun() {
  ++list_;
  listing_ = true;
}

void Informer::listed(const kube::ObjectView& object, base::SteadyTime received) {
  ++events_.listed;
  last_news_ = received;
  const std::string_view key = key_of(object);
  const std::uint64_t version = kube::version_number(object.resource_version);
  StoredObject* found = find(key);
  StoredObject* const known = found != nullptr && found->exists ? found : nullptr;
  if (synced()) audit_.relisted(version, known);
  if (found == nullptr) found = &store_.emplace(key, StoredObject()).first->second;
  found->list = list_;
  if (known != nullptr && known->content_hash == object.content_hash && known->version == version) return;
  store(object, *found);
  found->from_list = true;
  found->exists = true;
  if (known == nullptr) ++existing_;
  tell(known == nullptr ? Change::add : Change::update, key);
}

void Informer::list_ended(std::string_view resource_version) {
  const std::uint64_t version = kube::version_number(resource_version);
  for (auto each = store_.begin(); each != store_.end();) {
    const auto object = each++;
    if (!object->second.exists || object->second.list == list_) continue;
    if (synced()) audit_.vanished();
    remove(object, version);
  }
  audit_.list_ended(version);
  ++lists_ended_;
  listing_ = false;
}

void Informer::changed(EventType type, const kube::ObjectView& object, base::SteadyTime received) {
  last_news_ = received;
  ++(type == EventType::added      ? events_.added
     : type == EventType::modified ? events_.modified
                                   : events_.deleted);
  const std::string_view key = key_of(object);
  const std::uint64_t version = kube::version_number(object.resource_version);
  StoredObject* found = find(key);
  StoredObject* const known = found != nullptr && found->exists ? found : nullptr;
  const Audit::Verdict verdict = listing_ ? Audit::Verdict() : audit_.event(type, key, version, known);
  if (verdict.outdated) return;
  if (type == EventType::deleted) {
    if (known != nullptr) remove(store_.find(key), version);
    return;
  }
  if (verdict.repeated && known == nullptr) return;
  if (found == nullptr) found = &store_.emplace(key, StoredObject()).first->second;
  store(object, *found);
  found->list = list_;
  found->from_list = false;
  if (known == nullptr) {
    ++existing_;
    found->exists = true;
    found->create_unseen = verdict.create_missed;
    found->delete_unseen = false;
  }
  tell(known == nullptr ? Change::add : Change::update, key);
}

void Informer::bookmark(std::string_view resource_version) {
  audit_.bookmark(kube::version_number(resource_version));
}

void Informer::remove(ObjectStore::iterator object, std::uint64_t version) {
  object->second.exists = false;
  object->second.version = version;
  --existing_;
  tell(Change::remove, object->first);
  if (handler_ == nullptr) store_.erase(object);
}

void Informer::tell(Change change, std::string_view key) {
  if (handler_ != nullptr) handler_->changed(change, key);
}

void Informer::watch_opened(base::SteadyTime now) {
  watching_ = true;
  last_news_ = now;
}

StoredObject* Informer::find(std::string_view key) {
  const auto found = store_.find(key);
  return found == store_.end() ? nullptr : &found->second;
}

void Informer::forget(std::string_view key) {
  const auto found = store_.find(key);
  if (found != store_.end() && !found->second.exists) store_.erase(found);
}

}  // namespace k8scale::observe
