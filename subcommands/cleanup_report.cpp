#include "cleanup_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <ostream>

#include "driver_namespace.h"
#include "k8scale/measure/report.h"
#include "k8scale/measure/table.h"

namespace k8scale::subcommands {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t most_left_told = 10;

std::string explained(const CleanedResource& each, const load::Leftover& object) {
  const bool elsewhere = !object.namespace_name.empty() && object.namespace_name != namespace_name;
  const std::string place = elsewhere ? " in namespace " + object.namespace_name : "";
  return fmt::format("{} {}{}{}{}", each.resource, object.name, place, object.why.empty() ? "" : ": ",
                     object.why);
}

void print_names(std::ostream& out, const CleanupReport& report) {
  for (const CleanedResource& each : report.resources) {
    for (const load::Leftover& object : each.result.left) out << explained(each, object) << '\n';
  }
}

void print_table(std::ostream& out, const CleanupReport& report) {
  measure::Table table(1);
  if (report.dry_run) {
    table.add({"resource", "found"});
  } else {
    table.add({"resource", "found", "removed", "left"});
  }
  for (const auto& [resource, result] : report.resources) {
    std::vector<std::string> cells = {resource, std::to_string(result.found)};
    if (!report.dry_run) {
      cells.push_back(std::to_string(result.removed()));
      cells.push_back(std::to_string(result.left.size()));
    }
    table.add(std::move(cells));
  }
  table.print(out);
}

// What is not as it should be.
std::vector<std::string> warnings(const CleanupReport& report) {
  std::vector<std::string> found;
  for (const CleanedResource& each : report.resources) {
    const std::vector<load::Leftover>& left = each.result.left;
    if (!each.result.doubt.empty()) {
      found.push_back(fmt::format("{}: what is left is not known: {}", each.resource, each.result.doubt));
    }
    if (report.dry_run) continue;
    const std::size_t told = std::min(left.size(), most_left_told);
    for (std::size_t i = 0; i < told; ++i) found.push_back("left: " + explained(each, left[i]));
    if (told < left.size())
      found.push_back(fmt::format("left: {} more {}", left.size() - told, each.resource));
  }
  return found;
}

template <class Count>
std::uint64_t sum(const CleanupReport& report, Count count) {
  return std::accumulate(
      report.resources.begin(), report.resources.end(), std::uint64_t{0},
      [&](std::uint64_t total, const CleanedResource& each) { return total + count(each.result); });
}

OrderedJson to_json(const CleanedResource& each) {
  OrderedJson left = OrderedJson::array();
  for (const load::Leftover& object : each.result.left) {
    left.push_back(OrderedJson{
        {"namespace", object.namespace_name}, {"name", object.name}, {"why", measure::or_null(object.why)}});
  }
  return {{"resource", each.resource},        {"found", each.result.found},
          {"removed", each.result.removed()}, {"first_removed", each.result.first_removed},
          {"left", std::move(left)},          {"doubt", measure::or_null(each.result.doubt)}};
}

}  // namespace

std::uint64_t CleanupReport::removed() const {
  return sum(*this, [](const load::CleanupResult& result) { return result.removed(); });
}

std::uint64_t CleanupReport::left() const {
  return sum(*this, [](const load::CleanupResult& result) { return result.left.size(); });
}

bool CleanupReport::is_certain() const {
  return std::all_of(resources.begin(), resources.end(),
                     [](const CleanedResource& each) { return each.result.doubt.empty(); });
}

void print_text(std::ostream& out, const CleanupReport& report) {
  if (report.dry_run) print_names(out, report);
  out << fmt::format("k8scale cleanup, {} in {} of {}, took {}{}{}{}\n",
                     report.run_id.empty() ? "all runs" : "run " + report.run_id,
                     report.namespaces.empty() ? "all namespaces" : "namespace " + report.namespaces,
                     report.server, base::format_duration(report.duration),
                     report.dry_run ? ", dry run: nothing was removed" : "",
                     report.interrupted.empty() ? "" : ", interrupted by ", report.interrupted);
  print_table(out, report);
  const bool found_any = sum(report, [](const load::CleanupResult& result) { return result.found; }) > 0;
  if (!found_any && report.is_certain())
    out << "found nothing; a run that drove other kinds of objects needs --resource for each\n";
  measure::print_warnings(out, warnings(report));
}

OrderedJson to_json(const CleanupReport& report) {
  OrderedJson resources = OrderedJson::array();
  for (const CleanedResource& each : report.resources) resources.push_back(to_json(each));
  return {{"schema", "k8scale.cleanup/1"},
          {"tool", "k8scale"},
          {"version", K8SCALE_VERSION},
          {"subcommand", "cleanup"},
          {"server", {{"url", report.server}, {"version", report.server_version}}},
          {"namespace", measure::or_null(report.namespaces)},
          {"run_id", measure::or_null(report.run_id)},
          {"dry_run", report.dry_run},
          {"started", measure::rfc3339_millis(report.started)},
          {"ended", measure::rfc3339_millis(report.ended)},
          {"duration", report.duration.count()},
          {"interrupted", measure::or_null(report.interrupted)},
          {"removed", report.removed()},
          {"left", report.left()},
          {"certain", report.is_certain()},
          {"resources", std::move(resources)}};
}

}  // namespace k8scale::subcommands
