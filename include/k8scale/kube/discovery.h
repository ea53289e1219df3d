#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/kube/client.h"
#include "k8scale/kube/resource.h"
#include "k8scale/net/shard.h"

/// What a server serves, as its discovery documents say (APIGroup and APIResourceList of meta/v1).
namespace k8scale::kube {

/// The version that the server prefers of an API group; nothing when it has no such group. Throws
/// base::Error (kube::configuration_exit_code) with one line when the server does not say.
[[nodiscard]] std::optional<std::string> preferred_version(net::Shard& shard, Client& client,
                                                           std::string_view group);

/// The resource of that group, version and plural, with its kind and whether it is namespaced; nothing when
/// it is not served. Throws as above.
[[nodiscard]] std::optional<Resource> find_resource(net::Shard& shard, Client& client,
                                                    const Resource& wanted);

/// The same from the JSON of an APIGroup; empty when that is none.
[[nodiscard]] std::string parse_preferred_version(std::string_view json);
/// The same from the JSON of an APIResourceList.
[[nodiscard]] std::optional<Resource> parse_resource_list(std::string_view json, const Resource& wanted);

}  // namespace k8scale::kube
