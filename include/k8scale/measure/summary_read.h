#pragma once
#include <nlohmann/json.hpp>
#include <string_view>

#include "k8scale/base/result.h"
#include "k8scale/measure/summary.h"

namespace k8scale::measure {

/// Reads what `to_json(const Summary&)` wrote, but for the totals of requests by outcome, the population, and
/// what is not in the JSON of `process`. Warnings become notes. On the clock of the totals, moments are since
/// 1970, so that those of several summaries can be compared. A failure of kind protocol says what is missing.
[[nodiscard]] base::Result<Summary> read_summary(std::string_view json);

}  // namespace k8scale::measure
