#include "cleanup_resources.h"

#include <algorithm>
#include <array>

#include "discover.h"
#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "observe_flags.h"

namespace k8scale::subcommands {
namespace {

// Where Flunders live: the group now, and that of older servers.
constexpr std::array flunder_groups = {"wardle.example.com", "wardle.k8s.io"};

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
  for (const char* group : flunder_groups) {
    kube::Resource wanted = kube::flunders();
    wanted.group = group;
    try {
      const auto found = discover(shard, client, wanted.group, wanted.version, wanted.plural);
      if (found) add_once(resources.served, *found);
    } catch (const base::Error& error) {
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
