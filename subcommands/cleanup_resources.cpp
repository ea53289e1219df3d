#include "cleanup_resources.h"

#include <algorithm>

#include "discover.h"
#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "observe_flags.h"

namespace k8scale::subcommands {
namespace {

std::string path_of(const kube::Resource& resource) {
  return kube::Collection(resource, namespace_name).path();
}

void add_once(std::vector<kube::Resource>& served, const kube::Resource& resource) {
  const bool there = std::any_of(served.begin(), served.end(), [&](const kube::Resource& each) {
    return path_of(each) == path_of(resource);
  });
  if (!there) served.push_back(resource);
}

// A server that does not say whether it has them does not keep the rest from being removed.
void find_flunders(net::Shard& shard, kube::Client& client, CleanupResources& resources) {
  for (const std::string_view group : flunder_groups) {
    try {
      const auto found = discover_flunders(shard, client, group);
      if (found) add_once(resources.served, *found);
    } catch (const base::Error& error) {
      kube::Resource wanted = kube::flunders();
      wanted.group = group;
      load::CleanupResult result;
      result.doubt = error.what();
      resources.unknown.push_back({kube::Collection(wanted, namespace_name).qualified(), std::move(result)});
    }
  }
}

}  // namespace

CleanupResources find_cleanup_resources(net::Shard& shard, kube::Client& client,
                                        const std::vector<std::string>& named) {
  CleanupResources resources;
  add_once(resources.served, discover_named(shard, client, resource_text(kube::config_maps())));
  for (const std::string& each : named) add_once(resources.served, discover_named(shard, client, each));
  find_flunders(shard, client, resources);
  return resources;
}

}  // namespace k8scale::subcommands
