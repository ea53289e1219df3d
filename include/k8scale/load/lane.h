#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace k8scale::load {

/// One of `count` processes that share a run: `index` from 1.
struct Part {
  std::uint64_t index = 1;
  std::uint64_t count = 1;
};
/// Reads "2/3"; nothing when it is not i/n with 1 ≤ i ≤ n ≤ 10,000.
[[nodiscard]] std::optional<Part> parse_part(std::string_view text);
/// The part of a pod of an Indexed Job: `completion_index` is $JOB_COMPLETION_INDEX, from 0, and `parts` is
/// $K8SCALE_PARTS, the Job's completions; empty: not set. Throws base::Error that names what is missing.
[[nodiscard]] Part part_of_job(std::string_view completion_index, std::string_view parts);

/// The numbers of a run that one shard takes: every `stride`-th, beginning with `first`. The lanes of all
/// shards of all parts together have each number once, so a run is the same however it is split.
struct Lane {
  std::uint64_t first = 1;
  std::uint64_t stride = 1;

  [[nodiscard]] bool takes(std::uint64_t number) const {
    return number >= first && (number - first) % stride == 0;
  }
  /// How many of the numbers 1 … `last` it takes.
  [[nodiscard]] std::uint64_t count_up_to(std::uint64_t last) const {
    return last < first ? 0 : (last - first) / stride + 1;
  }
};
/// The lane of shard `shard` (from 0) of `shards`, in a process that is `part` of a run.
[[nodiscard]] Lane lane_of(Part part, std::uint64_t shard, std::uint64_t shards);

}  // namespace k8scale::load
