#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/base/time.h"

/// What the summaries of processes that share a run say of one another.
namespace k8scale::measure {

/// What is known of how far the server's clock is ahead of ours.
struct ClockDifference {
  base::Nanoseconds at_least{0};
  base::Nanoseconds at_most{0};
};

/// Which of the processes that share a run one is.
struct RunPart {
  std::uint64_t index = 1;  ///< from 1
  std::uint64_t count = 1;
  std::optional<base::WallTime> agreed_start;   ///< when all parts were to begin, if they were told
  std::optional<ClockDifference> server_clock;  ///< nothing: not known
};

/// One of the summaries that were merged.
struct MergedPart {
  RunPart part;
  std::string source;      ///< where it came from: a file, a ConfigMap
  base::WallTime started;  ///< by its own clock
};

/// What a merged summary was made of.
struct MergedParts {
  std::uint64_t count = 1;         ///< of the run
  std::vector<MergedPart> merged;  ///< by their index

  [[nodiscard]] std::vector<std::uint64_t> missing() const;
  /// From the first start to the last.
  [[nodiscard]] base::Nanoseconds start_spread() const;
};

/// "rate is 100.0 instead of 200.0", for each key whose value is another one.
[[nodiscard]] std::vector<std::string> differences(const nlohmann::ordered_json& found,
                                                   const nlohmann::ordered_json& expected);

/// "1-3, 5" for {1, 2, 3, 5}, which must ascend.
[[nodiscard]] std::string numbers_text(const std::vector<std::uint64_t>& numbers);

}  // namespace k8scale::measure
