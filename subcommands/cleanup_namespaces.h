#pragma once
#include <functional>
#include <string>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/kube/resource.h"
#include "k8scale/load/cleanup.h"
#include "k8scale/net/task.h"

namespace k8scale::subcommands {

/// Which namespaces go.
struct NamespacesToClean {
  std::string run_id;              ///< that made them; empty: any
  std::vector<std::string> among;  ///< empty: all there are
  bool dry_run = false;            ///< removes none: those that would go are left
  std::function<bool()> stopped;   ///< no more deletes
};

/// Removes the namespaces that drivers made, which have the annotation `load::run_annotation`, but for those
/// that `load::what_holds_namespace` keeps. Who may not
/// list namespaces made none. Runs on the client's shard; what is passed by reference must outlive it.
[[nodiscard]] net::Task<load::CleanupResult> clean_namespaces(kube::Client& client,
                                                              const NamespacesToClean& wanted);

}  // namespace k8scale::subcommands
