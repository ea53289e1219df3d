#pragma once
#include <string>
#include <vector>

#include "cleanup_report.h"
#include "k8scale/kube/client.h"
#include "k8scale/kube/resource.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// The kinds of objects that a clean-up looks for.
struct CleanupResources {
  std::vector<kube::Resource> served;
  std::vector<CleanedResource> unknown;  ///< what may be there, but the server does not say whether it is
};

/// ConfigMaps, `named` (as `--resource` has them), and Flunders where the server has them. Throws
/// base::Error: what is named is not served or not in a namespace, or the server does not say what it serves.
[[nodiscard]] CleanupResources find_cleanup_resources(net::Shard& shard, kube::Client& client,
                                                      const std::vector<std::string>& named);

}  // namespace k8scale::subcommands
