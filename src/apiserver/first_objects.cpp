#include "first_objects.h"

#include "k8scale/kube/resource.h"
#include "preparation.h"

namespace k8scale::apiserver {
namespace {

void put(Core& core, const kube::Resource& kind, Json document) {
  const ResourceInfo& resource = *core.table.find(kind.group, kind.version, kind.plural);
  document["kind"] = resource.kind;
  document["apiVersion"] = resource.api_version();
  start_metadata(resource, document, core.clock(), core.random);
  fill_defaults(resource, document);
  core.store.put(core.table.index_of(resource), std::move(document));
}

void put_namespace(Core& core, const std::string& name) {
  const std::size_t index = core.table.index_of(core.table.namespaces());
  if (!core.store.find(index, {"", name})) put(core, kube::namespaces(), {{"metadata", {{"name", name}}}});
}

}  // namespace

void put_first_objects(Core& core, const std::string& address, std::uint16_t port,
                       const std::vector<std::string>& more_namespaces) {
  for (const char* name : {"default", "kube-node-lease", "kube-public", "kube-system"}) {
    put_namespace(core, name);
  }
  for (const std::string& name : more_namespaces) put_namespace(core, name);
  const Json labels = {{"component", "apiserver"}, {"provider", "kubernetes"}};
  const Json metadata = {{"name", "kubernetes"}, {"namespace", "default"}, {"labels", labels}};
  const Json https = {{"name", "https"}, {"protocol", "TCP"}};
  Json service_port = https;
  service_port["port"] = 443;
  service_port["targetPort"] = port;
  put(core, {"", "v1", "services", "Service", true},
      {{"metadata", metadata}, {"spec", {{"type", "ClusterIP"}, {"ports", Json::array({service_port})}}}});

  Json own_port = https;
  own_port["port"] = port;
  const Json subset = {{"addresses", Json::array({{{"ip", address}}})}, {"ports", Json::array({own_port})}};
  put(core, kube::endpoints(), {{"metadata", metadata}, {"subsets", Json::array({subset})}});

  Json slice_metadata = metadata;
  slice_metadata["labels"] = {{"kubernetes.io/service-name", "kubernetes"}};
  const Json endpoint = {{"addresses", Json::array({address})}, {"conditions", {{"ready", true}}}};
  put(core, kube::endpoint_slices(),
      {{"metadata", slice_metadata},
       {"addressType", address.find(':') == std::string::npos ? "IPv4" : "IPv6"},
       {"endpoints", Json::array({endpoint})},
       {"ports", Json::array({own_port})}});
}

}  // namespace k8scale::apiserver
