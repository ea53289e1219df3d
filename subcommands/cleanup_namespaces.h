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
  bool dry_run = false;            ///< removes none: all are left, those that would stay with the reason
  std::function<bool()> stopped;   ///< no more deletes
};

/// Removes the namespaces that drivers made, which have the annotation `load::run_annotation`, but for those
/// that `load::what_holds_namespace` keeps; objects that are called like the run's go with them. Who may not
/// list namespaces made none. Runs on the client's shard; what is passed by reference must outlive it, and
/// `result` is filled as it goes on.
[[nodiscard]] net::Task<void> clean_namespaces(kube::Client& client, const NamespacesToClean& wanted,
                                               load::CleanupResult& result);

}  // namespace k8scale::subcommands
