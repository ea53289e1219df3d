#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "k8scale/kube/client.h"
#include "k8scale/kube/served_resources.h"
#include "k8scale/net/task.h"

namespace k8scale::load {

/// Why a namespace must not go with the run that made it: "has secrets mine" of somebody else, or what could
/// not be looked at. Empty: nothing keeps it. `is_ours` tells the run's own objects by name. Kinds that the
/// client may not list (403) are passed over, and so is what a cluster puts into a new namespace by itself:
/// accounts and their secrets, roles, quotas, limits, network policies, events, some config maps. What is
/// passed by reference must outlive the call.
[[nodiscard]] net::Task<std::string> what_holds_namespace(
    kube::Client& client, const kube::ServedResources& served, const std::string& name,
    const std::function<bool(std::string_view)>& is_ours);

}  // namespace k8scale::load
