#pragma once
#include <cstdint>
#include <string>

#include "core.h"

namespace k8scale::apiserver {

/// Puts in what a new cluster has: the system's namespaces, and Service, Endpoints and EndpointSlice
/// default/kubernetes, which name this very server.
void put_first_objects(Core& core, const std::string& address, std::uint16_t port);

}  // namespace k8scale::apiserver
