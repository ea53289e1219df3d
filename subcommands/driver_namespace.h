#pragma once
#include <string_view>

#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// Where all drivers write, and the label of what they write there.
inline constexpr std::string_view namespace_name = "scaletest";
inline constexpr std::string_view label_selector = "purpose=scaletest";

/// The namespace is there afterwards: it is made when the server is our own. Throws base::Error when it is
/// missing, or the credentials are refused; who may not look goes on.
void check_namespace(net::Shard& shard, kube::Client& client, bool embedded);

}  // namespace k8scale::subcommands
