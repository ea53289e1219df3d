#pragma once
#include <string>

#include "cluster_flags.h"
#include "k8scale/kube/resource.h"

namespace k8scale::subcommands {

/// The command line that removes what a run has left of that resource, for a POSIX shell:
/// "k8scale cleanup -runid r1 -kubeconfig admin.conf".
[[nodiscard]] std::string cleanup_command(const std::string& run_id, const kube::Resource& resource,
                                          const ClusterFlags& cluster);

}  // namespace k8scale::subcommands
