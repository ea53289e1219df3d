#include "resource_table.h"

#include "k8scale/base/error.h"
#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

const std::vector<std::string> event_fields = {"involvedObject.kind",
                                               "involvedObject.namespace",
                                               "involvedObject.name",
                                               "involvedObject.uid",
                                               "involvedObject.apiVersion",
                                               "involvedObject.resourceVersion",
                                               "involvedObject.fieldPath",
                                               "reason",
                                               "reportingComponent",
                                               "source",
                                               "type"};

ResourceInfo builtin(kube::Resource resource, std::string singular, std::vector<std::string> short_names) {
  ResourceInfo info;
  static_cast<kube::Resource&>(info) = std::move(resource);
  info.singular = std::move(singular);
  info.short_names = std::move(short_names);
  info.builtin = true;
  return info;
}

ResourceInfo namespaces_info() {
  ResourceInfo info = builtin(kube::namespaces(), "namespace", {"ns"});
  info.deletes_collection = false;
  info.selectable = {"status.phase"};
  return info;
}

ResourceInfo secrets_info() {
  ResourceInfo info = builtin({"", "v1", "secrets", "Secret", true}, "secret", {});
  info.selectable = {"type"};
  return info;
}

ResourceInfo services_info() {
  ResourceInfo info = builtin({"", "v1", "services", "Service", true}, "service", {"svc"});
  info.categories = {"all"};
  info.creates_on_update = true;
  info.selectable = {"spec.clusterIP", "spec.type"};
  return info;
}

ResourceInfo events_info() {
  ResourceInfo info = builtin({"", "v1", "events", "Event", true}, "event", {"ev"});
  info.creates_on_update = true;
  info.selectable = event_fields;
  return info;
}

ResourceInfo endpoints_info() {
  ResourceInfo info = builtin(kube::endpoints(), "endpoints", {"ep"});
  info.deprecation = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";
  info.creates_on_update = true;
  return info;
}

ResourceInfo leases_info() {
  ResourceInfo info = builtin({"coordination.k8s.io", "v1", "leases", "Lease", true}, "lease", {});
  info.needs_version = true;
  info.creates_on_update = true;
  return info;
}

// As sample-apiserver serves it.
ResourceInfo sample_info(kube::Resource resource, std::string singular) {
  ResourceInfo info = builtin(std::move(resource), std::move(singular), {});
  info.deprecation = info.api_version() + " " + info.kind + " is deprecated in v1.3+, unavailable in v1.10+";
  info.needs_version = true;
  return info;
}

ResourceInfo endpoint_slices_info() {
  ResourceInfo info = builtin(kube::endpoint_slices(), "endpointslice", {});
  info.counts_generation = true;
  return info;
}

ResourceInfo custom(const kube::Resource& resource) {
  ResourceInfo info;
  static_cast<kube::Resource&>(info) = resource;
  info.singular = base::lower(resource.kind);
  info.strategic = false;
  info.counts_generation = true;
  info.needs_version = true;
  return info;
}

}  // namespace

ResourceTable::ResourceTable(const std::vector<kube::Resource>& extra) {
  resources_.push_back(namespaces_info());
  resources_.push_back(builtin(kube::config_maps(), "configmap", {"cm"}));
  resources_.push_back(secrets_info());
  resources_.push_back(services_info());
  resources_.push_back(endpoints_info());
  resources_.push_back(events_info());
  resources_.push_back(endpoint_slices_info());
  resources_.push_back(leases_info());
  resources_.push_back(sample_info(kube::flunders(), "flunder"));
  resources_.push_back(
      sample_info({"wardle.example.com", "v1alpha1", "fischers", "Fischer", false}, "fischer"));
  for (const kube::Resource& resource : extra) {
    if (find(resource.group, resource.version, resource.plural) != nullptr) {
      throw base::Error("--resource: found " + resource.api_version() + "/" + resource.plural +
                        ", which is served already; expected another one");
    }
    resources_.push_back(custom(resource));
  }
}

const ResourceInfo* ResourceTable::find(std::string_view group, std::string_view version,
                                        std::string_view plural) const {
  for (const ResourceInfo& each : resources_) {
    if (each.plural == plural && each.group == group && each.version == version) return &each;
  }
  return nullptr;
}

}  // namespace k8scale::apiserver
