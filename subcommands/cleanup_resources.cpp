#include "cleanup_resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "k8scale/kube/discovery.h"
#include "observe_flags.h"

namespace k8scale::subcommands {
namespace {

// Where Flunders live: the group now, and that of older servers.
constexpr std::array flunder_groups = {"wardle.example.com", "wardle.k8s.io"};

std::string path_of(const kube::Resource& resource) {
  return kube::Collection(resource, namespace_name).path();
}

void add(std::vector<kube::Resource>& served, const kube::Resource& resource) {
  const bool there = std::any_of(served.begin(), served.end(), [&](const kube::Resource& each) {
    return path_of(each) == path_of(resource);
  });
  if (!there) served.push_back(resource);
}

kube::Resource find_named(net::Shard& shard, kube::Client& client, const kube::Resource& wanted) {
  std::optional<kube::Resource> found = kube::find_resource(shard, client, wanted);
  if (!found) {
    throw base::Error(
        fmt::format("--resource: {} does not serve {}", client.server(), resource_text(wanted)));
  }
  if (!found->namespaced) {
    throw base::Error(
        fmt::format("--resource: found {}, expected what lives in a namespace", resource_text(*found)));
  }
  return std::move(*found);
}

// A server that does not say whether it has them does not keep the rest from being removed.
void find_flunders(net::Shard& shard, kube::Client& client, CleanupResources& resources) {
  for (const char* group : flunder_groups) {
    kube::Resource wanted = kube::flunders();
    wanted.group = group;
    try {
      const std::optional<std::string> version = kube::preferred_version(shard, client, group);
      if (!version) continue;
      wanted.version = *version;
      const std::optional<kube::Resource> found = kube::find_resource(shard, client, wanted);
      if (found) add(resources.served, *found);
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
  add(resources.served, find_named(shard, client, kube::config_maps()));
  for (const std::string& each : named) {
    add(resources.served, find_named(shard, client, parse_resource(each)));
  }
  find_flunders(shard, client, resources);
  return resources;
}

}  // namespace k8scale::subcommands
