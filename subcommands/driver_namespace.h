#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// Where all drivers write, and the label of what they write there.
inline constexpr std::string_view namespace_name = "scaletest";
inline constexpr std::string_view label_selector = "purpose=scaletest";

/// What to do about a namespace that is missing.
enum class MissingNamespace { refuse, make };

/// The namespace is there afterwards; true when it was made, with label `label_selector` and with the run in
/// an annotation. One that is being deleted is missing as soon as it is gone, which is waited for. Throws
/// base::Error when it is missing or does not go within a minute, or the credentials are refused; who may not
/// look goes on, and so does the caller when `stopped`.
bool check_namespace(net::Shard& shard, kube::Client& client, std::string_view name, MissingNamespace missing,
                     const std::string& run_id, const std::function<bool()>& stopped);
/// The annotation of a namespace that a run made.
inline constexpr std::string_view run_annotation = "scaletest/run";
/// Asks the server to delete it, with all that is in it.
void remove_namespace(net::Shard& shard, kube::Client& client, std::string_view name);

}  // namespace k8scale::subcommands
