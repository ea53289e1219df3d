#pragma once
#include <string>
#include <vector>

#include "k8scale/measure/summary.h"

namespace k8scale::measure {

/// What one process of a run measured, and where its summary came from, for messages.
struct PartSummary {
  std::string source;
  Summary summary;
};

/// What the parts of a run came to together.
struct MergedRun {
  /// Why these are not different parts of one run, each a line that names its source. Then `summary` is
  /// empty.
  std::vector<std::string> conflicts;
  /// Starts that are more than 10 ms apart, and clocks that are so for sure.
  std::vector<std::string> differences;
  /// As of one process that had done it all: counts and distributions are exact, moments are by each part's
  /// own wall clock. Its notes have `differences`, which parts are missing, what is not
  /// known of their clocks, and what each part warned of.
  Summary summary;
};

/// `parts` has at least one, read by `read_summary`.
[[nodiscard]] MergedRun merge_parts(const std::vector<PartSummary>& parts);

}  // namespace k8scale::measure
