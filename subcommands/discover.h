#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"
#include "observe_flags.h"

namespace k8scale::subcommands {

/// What the server says of a resource: its kind, and whether it is in namespaces. Nothing when the server has
/// none of that name. Throws base::Error (kube::configuration_exit_code) when it does not say.
[[nodiscard]] std::optional<kube::Resource> discover(net::Shard& shard, kube::Client& client,
                                                     std::string_view group, std::string_view version,
                                                     std::string_view plural);

/// The same for "group/version/plural", or "version/plural" of the core group. Throws base::Error also when
/// there is none.
[[nodiscard]] kube::Resource discover_named(net::Shard& shard, kube::Client& client, std::string_view text);

/// The groups in which servers have Flunders: that of today, and that of older ones.
inline constexpr std::array<std::string_view, 2> flunder_groups = {"wardle.example.com", "wardle.k8s.io"};

/// The Flunders of a group: those of v1alpha1, or else of the version that the server names first among those
/// that have them. Nothing when it has none. Throws like `discover`.
[[nodiscard]] std::optional<kube::Resource> discover_flunders(net::Shard& shard, kube::Client& client,
                                                              std::string_view group);

/// Those of the first of `flunder_groups` that has any.
[[nodiscard]] std::optional<kube::Resource> discover_flunders(net::Shard& shard, kube::Client& client);

/// The Flunders of whichever group the server has them in; those of today's group when it has none, or does
/// not say.
[[nodiscard]] kube::Resource likely_flunders(net::Shard& shard, kube::Client& client);

/// What loggers and watchers look at: the resource that the flags name, or `likely_flunders`.
[[nodiscard]] kube::Resource observed_resource(const ObserveFlags& flags,
                                               const kube::Configuration& configuration,
                                               const std::shared_ptr<kube::Credentials>& credentials,
                                               std::string_view user_agent);

}  // namespace k8scale::subcommands
