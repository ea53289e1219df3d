#include "k8scale/measure/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "k8scale/base/files.h"

namespace k8scale::measure {

using Json = nlohmann::ordered_json;

std::string rfc3339_millis(base::WallTime time) {
  std::string text = base::format_utc_millis(time);
  std::replace(text.begin(), text.end(), ' ', 'T');
  return text + "Z";
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json to_json(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"min", histogram.min().count()},
          {"p50", histogram.quantile(0.5).count()},
          {"p90", histogram.quantile(0.9).count()},
          {"p99", histogram.quantile(0.99).count()},
          {"p99.9", histogram.quantile(0.999).count()},
          {"max", histogram.max().count()},
          {"mean", histogram.mean().count()},
          {"histogram", histogram.encode()}};
}

Json to_json(const CountByReason& counts) {
  Json made = Json::object();
  for (const auto& [reason, times] : counts) made[reason] = times;
  return made;
}

Json to_json(const std::optional<RowLog::Totals>& rows) {
  if (!rows) return {};
  return {{"written", rows->rows_written}, {"lost", rows->rows_lost}, {"error", or_null(rows->first_error)}};
}

Json to_json(const std::vector<OutputFile>& files) {
  Json made = Json::array();
  for (const OutputFile& file : files) {
    made.push_back(Json{{"content", file.content}, {"path", file.path.string()}});
  }
  return made;
}

Json to_json(const std::vector<FaultCount>& faults) {
  Json made = Json::array();
  for (const FaultCount& fault : faults) {
    made.push_back(Json{{"rule", fault.rule}, {"met", fault.met}, {"injected", fault.injected}});
  }
  return made;
}

base::Result<void> write_json(const std::filesystem::path& path, const Json& json) {
  // A server's reason may be any bytes; what is not UTF-8 becomes U+FFFD.
  return base::write_file_whole(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void add_times(Table& table, std::vector<std::string> labels, const Histogram& times) {
  if (times.count() == 0) return;
  labels.push_back(base::format_duration(times.min()));
  for (const double q : {0.5, 0.9, 0.99, 0.999}) labels.push_back(base::format_duration(times.quantile(q)));
  labels.push_back(base::format_duration(times.max()));
  table.add(std::move(labels));
}

std::string text_of(const FaultCount& fault) {
  return fmt::format("fault {}: injected {} of {}", fault.rule, fault.injected, fault.met);
}

void print_faults(std::ostream& out, const std::vector<FaultCount>& faults) {
  for (const FaultCount& fault : faults) out << text_of(fault) << '\n';
}

void print_files(std::ostream& out, const std::vector<OutputFile>& files) {
  if (files.empty()) return;
  std::string line = "files:";
  for (const OutputFile& file : files) line += fmt::format(" {} {},", file.content, file.path.string());
  line.back() = '\n';
  out << line;
}

void print_warnings(std::ostream& out, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) out << "WARNING: " << warning << '\n';
}

}  // namespace k8scale::measure
