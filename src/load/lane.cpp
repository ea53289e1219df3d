#include "k8scale/load/lane.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"
#include "k8scale/base/number.h"
#include "k8scale/base/text.h"

namespace k8scale::load {
namespace {

constexpr std::uint64_t most_parts = 10'000;

}  // namespace

std::optional<Part> parse_part(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto index = base::parse_number<std::uint64_t>(text.substr(0, slash));
  const auto count = base::parse_number<std::uint64_t>(text.substr(slash + 1));
  if (!index || !count || *index < 1 || *index > *count || *count > most_parts) return std::nullopt;
  return Part{*index, *count};
}

Part part_of_job(std::string_view completion_index, std::string_view parts) {
  if (completion_index.empty()) {
    throw base::Error(
        "--part auto: $JOB_COMPLETION_INDEX is not set, expected a pod of a Job with completionMode: "
        "Indexed");
  }
  if (parts.empty()) {
    throw base::Error("--part auto: $K8SCALE_PARTS is not set, expected the Job's completions");
  }
  const auto index = base::parse_number<std::uint64_t>(completion_index);
  const auto count = base::parse_number<std::uint64_t>(parts);
  if (!count || *count < 1 || *count > most_parts) {
    throw base::Error(
        fmt::format("--part auto: $K8SCALE_PARTS is {}, expected the Job's completions, 1 to {}",
                    base::go_quote(parts), most_parts));
  }
  if (!index || *index >= *count) {
    throw base::Error(
        fmt::format("--part auto: $JOB_COMPLETION_INDEX is {}, expected 0 to {}, since $K8SCALE_PARTS is {}",
                    base::go_quote(completion_index), *count - 1, *count));
  }
  return {*index + 1, *count};
}

Lane lane_of(Part part, std::uint64_t shard, std::uint64_t shards) {
  return {part.index + shard * part.count, part.count * shards};
}

}  // namespace k8scale::load
