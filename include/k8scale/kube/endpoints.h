#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/url.h"

namespace k8scale::kube {

/// The exit code of a driver that cannot list the endpoints it was told to use.
inline constexpr int endpoints_exit_code = 22;

/// The addresses behind a service, each with https and the service's first TCP port: from its Endpoints
/// object or, where there is none (Endpoints are deprecated from Kubernetes 1.33), from its EndpointSlices.
/// Not those that are not ready. Throws base::Error (exit code 22) with one line when the server does not
/// say, or names none.
[[nodiscard]] std::vector<net::Endpoint> service_endpoints(net::Shard& shard, Client& client,
                                                           std::string_view namespace_name,
                                                           std::string_view service);

/// Reads the JSON of an Endpoints object (core/v1); nothing when it is none.
[[nodiscard]] std::optional<std::vector<net::Endpoint>> parse_endpoints(std::string_view json);
/// Reads the JSON of an EndpointSliceList (discovery.k8s.io/v1); nothing when it is none.
[[nodiscard]] std::optional<std::vector<net::Endpoint>> parse_endpoint_slices(std::string_view json);

}  // namespace k8scale::kube
