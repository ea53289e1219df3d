#pragma once
#include <string>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/kube/resource.h"
#include "k8scale/net/task.h"

namespace k8scale::kube {

/// What a server serves, by its discovery documents.
struct ServedResources {
  /// Kinds in namespaces that can be listed and deleted, each once: in the version that its group prefers, or
  /// another that has it.
  std::vector<Resource> listable;
  std::vector<std::string> unknown;  ///< what it did not say, and why: "/apis/metrics.k8s.io/v1beta1: 503 …"
};

/// Asks one document after the other. What is passed by reference must outlive the call.
[[nodiscard]] net::Task<ServedResources> served_resources(Client& client);

}  // namespace k8scale::kube
