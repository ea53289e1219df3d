#include "namespaces.h"

#include <fmt/format.h>

namespace k8scale::apiserver {
namespace {

constexpr std::size_t namespaces_index = 0;

ObjectPointer find_namespace(const Core& core, std::string_view name) {
  return core.store.find(namespaces_index, {"", name});
}

// The text decides whether the document is worth reading, which would be dear for every create: labels may
// say the same.
bool is_terminating(const Object& object) {
  if (object.encoded().find("\"phase\":\"Terminating\"") == std::string::npos) return false;
  const Json document = object.document();
  return text_member(member(document, "status"), "phase") == "Terminating";
}

bool is_empty(const Core& core, std::string_view namespace_name) {
  for (const ResourceInfo& resource : core.table.all()) {
    if (!resource.namespaced) continue;
    const auto& objects = core.store.objects(core.table.index_of(resource));
    const auto first = objects.lower_bound(KeyView{namespace_name, ""});
    if (first != objects.end() && first->first.namespace_name == namespace_name) return false;
  }
  return true;
}

void mark_deleted(const Core& core, Json& document) {
  Json& metadata = document["metadata"];
  metadata["deletionTimestamp"] = base::format_rfc3339(core.clock());
  metadata["deletionGracePeriodSeconds"] = 0;
}

std::vector<ObjectPointer> objects_in(const Core& core, const ResourceInfo& resource, std::string_view name) {
  std::vector<ObjectPointer> found;
  const auto& objects = core.store.objects(core.table.index_of(resource));
  for (auto each = objects.lower_bound(KeyView{name, ""});
       each != objects.end() && each->first.namespace_name == name; ++each) {
    found.push_back(each->second);
  }
  return found;
}

}  // namespace

bool is_protected(std::string_view namespace_name) {
  return namespace_name == "default" || namespace_name == "kube-system" || namespace_name == "kube-public";
}

Answer<void> check_namespace(const Core& core, const Call& call, std::string_view object_name) {
  if (!call.resource->namespaced) return {};
  const ObjectPointer found = find_namespace(core, call.namespace_name);
  if (!found) return not_found(core.table.namespaces(), call.namespace_name);
  if (!is_terminating(*found)) return {};
  Refusal refusal = forbidden(*call.resource, object_name,
                              fmt::format("unable to create new content in namespace {} because it is being "
                                          "terminated",
                                          call.namespace_name));
  refusal.causes = {{"NamespaceTerminating",
                     fmt::format("namespace {} is being terminated", call.namespace_name),
                     "metadata.namespace"}};
  return refusal;
}

bool find_same(const Core& core, const ResourceInfo& resource, const ObjectPointer& object) {
  const Key& key = object->key();
  const ObjectPointer found = core.store.find(core.table.index_of(resource), {key.namespace_name, key.name});
  return found && found->uid() == object->uid();
}

Written delete_object(Core& core, const ResourceInfo& resource, const ObjectPointer& object) {
  const std::size_t index = core.table.index_of(resource);
  // The text decides whether the document is worth reading: nearly nothing has finalizers.
  if (object->encoded().find("\"finalizers\":[") != std::string::npos) {
    Json document = object->document();
    const Json& metadata = document["metadata"];
    if (metadata.contains("deletionTimestamp")) return {object, false, {}};
    if (!member(metadata, "finalizers").empty()) {
      mark_deleted(core, document);
      return {core.store.put(index, std::move(document)), false, {}};
    }
  }
  const Key& key = object->key();
  core.store.remove(index, {key.namespace_name, key.name});
  end_namespace_if_empty(core, key.namespace_name);
  return {object, true, {}};
}

ObjectPointer terminate_namespace(Core& core, const ObjectPointer& object) {
  const std::string name = object->key().name;
  if (is_terminating(*object)) return object;
  Json document = object->document();
  mark_deleted(core, document);
  document["metadata"].erase("deletionGracePeriodSeconds");
  document["status"]["phase"] = "Terminating";
  ObjectPointer marked = core.store.put(namespaces_index, std::move(document));
  for (const ResourceInfo& resource : core.table.all()) {
    if (!resource.namespaced) continue;
    for (const ObjectPointer& each : objects_in(core, resource, name)) {
      static_cast<void>(delete_object(core, resource, each));
    }
  }
  end_namespace_if_empty(core, name);
  return marked;
}

bool may_end(const Core& core, const ResourceInfo& resource, const Key& key) {
  return &resource != &core.table.namespaces() || is_empty(core, key.name);
}

void end_namespace_if_empty(Core& core, const std::string& namespace_name) {
  if (namespace_name.empty()) return;
  const ObjectPointer found = find_namespace(core, namespace_name);
  if (!found || !is_terminating(*found) || !is_empty(core, namespace_name)) return;
  const Json document = found->document();
  if (member(member(document, "metadata"), "finalizers").empty()) {
    core.store.remove(namespaces_index, {"", namespace_name});
  }
}

}  // namespace k8scale::apiserver
