#pragma once
#include "check_report.h"
#include "k8scale/kube/client.h"
#include "k8scale/kube/configuration.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// Whether the server can be reached, is the right one, and takes the credentials. Fills in the server's
/// version and the user. False when there is no use in asking it anything more.
[[nodiscard]] bool check_server(CheckReport& report, const kube::Configuration& configuration,
                                net::Shard& shard, kube::Client& client);

/// How many files this process may have open.
void check_file_limit(CheckReport& report);

}  // namespace k8scale::subcommands
