#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core.h"

namespace k8scale::apiserver {

/// Puts in what a new cluster has: the system's namespaces and some more, and Service, Endpoints and
/// EndpointSlice default/kubernetes, which name this very server.
void put_first_objects(Core& core, const std::string& address, std::uint16_t port,
                       const std::vector<std::string>& more_namespaces);

}  // namespace k8scale::apiserver
