#pragma once
#include "check_report.h"
#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"

namespace k8scale::subcommands {

/// Asks for a namespace again and again, for a little more than a second, and fills in round trip and clock
/// offset: the Date field has whole seconds only, but when it moves on tells where the server's second
/// begins.
void check_clock(CheckReport& report, net::Shard& shard, kube::Client& client);

}  // namespace k8scale::subcommands
