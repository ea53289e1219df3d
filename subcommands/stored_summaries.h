#pragma once
#include <optional>
#include <string>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/load/part_text.h"
#include "k8scale/measure/summary_merge.h"
#include "k8scale/net/shard.h"

/// Summaries of the parts of a run on the server, in the namespace scaletest.
namespace k8scale::subcommands {

/// Where a part's summary goes.
[[nodiscard]] load::PartText summary_place(kube::Client& client, std::string run_id, std::uint64_t part,
                                           std::optional<load::JobOwner> owner);
/// Those of a run. Throws base::Error, with this exit code when they cannot be read or there are none.
inline constexpr int unreadable_exit_code = 5;
[[nodiscard]] std::vector<measure::PartSummary> stored_summaries(net::Shard& shard, kube::Client& client,
                                                                 std::string_view run_id);

}  // namespace k8scale::subcommands
