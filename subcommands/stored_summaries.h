#pragma once
#include <optional>
#include <string>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/load/run_object.h"
#include "k8scale/measure/summary_merge.h"
#include "k8scale/net/shard.h"

/// Summaries of the parts of a run on the server, each in a ConfigMap RUNID-summary-INDEX in the namespace
/// scaletest, as the value of summary.json.
namespace k8scale::subcommands {

/// Throws base::Error unless there is none of this part.
void check_not_stored(net::Shard& shard, kube::Client& client, std::string_view run_id, std::uint64_t part);
/// Stores it; one that is there already stays, and that is a failure.
[[nodiscard]] base::Result<void> store_summary(net::Shard& shard, kube::Client& client,
                                               const measure::Summary& summary,
                                               const std::optional<load::JobOwner>& owner);
/// Those of a run. Throws base::Error, with this exit code when they cannot be read or there are none.
inline constexpr int unreadable_exit_code = 5;
[[nodiscard]] std::vector<measure::PartSummary> stored_summaries(net::Shard& shard, kube::Client& client,
                                                                 std::string_view run_id);

}  // namespace k8scale::subcommands
