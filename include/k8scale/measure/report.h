#pragma once
#include <array>
#include <filesystem>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/measure/histogram.h"
#include "k8scale/measure/recorder.h"
#include "k8scale/measure/row_log.h"
#include "k8scale/measure/table.h"

/// What the summaries of all subcommands have in common.
namespace k8scale::measure {

struct OutputFile {
  std::string content;  ///< what it holds: "rows", "parameters", "summary", "seen"
  std::filesystem::path path;
};

/// What a rule of --fault did.
struct FaultCount {
  std::string rule;
  std::uint64_t met = 0;       ///< requests or events that it applied to
  std::uint64_t injected = 0;  ///< of these
};

/// "2026-11-24T15:04:05.123Z"
[[nodiscard]] std::string rfc3339_millis(base::WallTime time);
/// Null when empty.
[[nodiscard]] nlohmann::ordered_json or_null(const std::string& text);
/// `count`, `min`, `p50`, `p90`, `p99`, `p99.9`, `max`, `mean` in ns, and `histogram`, HdrHistogram's V2.
[[nodiscard]] nlohmann::ordered_json to_json(const Histogram& histogram);
[[nodiscard]] nlohmann::ordered_json to_json(const CountByReason& counts);
/// `written`, `lost`, `error`; null when there were to be none.
[[nodiscard]] nlohmann::ordered_json to_json(const std::optional<RowLog::Totals>& rows);
/// A list of `content` and `path`.
[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<OutputFile>& files);
/// A list of `rule`, `met` and `injected`.
[[nodiscard]] nlohmann::ordered_json to_json(const std::vector<FaultCount>& faults);
/// Writes indented JSON, whole or not at all.
[[nodiscard]] base::Result<void> write_json(const std::filesystem::path& path,
                                            const nlohmann::ordered_json& json);

/// The columns of `add_times`.
inline constexpr std::array times_columns = {"min", "p50", "p90", "p99", "p99.9", "max"};
/// Adds a row: `labels`, then the times; no row when there are none.
void add_times(Table& table, std::vector<std::string> labels, const Histogram& times);
/// "fault every=10,swallow: injected 30 of 300"
[[nodiscard]] std::string text_of(const FaultCount& fault);
void print_faults(std::ostream& out, const std::vector<FaultCount>& faults);
void print_files(std::ostream& out, const std::vector<OutputFile>& files);
void print_warnings(std::ostream& out, const std::vector<std::string>& warnings);

}  // namespace k8scale::measure
