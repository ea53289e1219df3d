#include "check_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace k8scale::subcommands {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::warning:
      return "warning";
    case Verdict::failed:
      return "failed";
    case Verdict::skipped:
      return "skipped";
  }
  return "";
}

OrderedJson text_or_null(const std::string& text) { return text.empty() ? OrderedJson() : OrderedJson(text); }

OrderedJson clock_json(const std::optional<ClockOffset>& clock) {
  if (!clock) return {};
  return {{"offset_seconds", base::to_seconds(clock->offset)},
          {"uncertainty_seconds", base::to_seconds(clock->uncertainty)}};
}

OrderedJson round_trip_json(const std::optional<RoundTrip>& round_trip) {
  if (!round_trip) return {};
  return {{"least_seconds", base::to_seconds(round_trip->least)},
          {"median_seconds", base::to_seconds(round_trip->median)}};
}

OrderedJson finding_json(const Finding& finding) {
  return {{"check", finding.check},
          {"verdict", name(finding.verdict)},
          {"found", finding.found},
          {"remedy", text_or_null(finding.remedy)}};
}

}  // namespace

void CheckReport::add(std::string check, Verdict verdict, std::string found, std::string remedy) {
  findings.push_back({std::move(check), verdict, std::move(found), std::move(remedy)});
}

bool CheckReport::has_failed() const {
  return std::ranges::any_of(findings, [](const Finding& each) { return each.verdict == Verdict::failed; });
}

void print_text(std::ostream& out, const CheckReport& report) {
  std::size_t width = 0;
  for (const Finding& each : report.findings) width = std::max(width, each.check.size());
  for (const Finding& each : report.findings) {
    out << fmt::format("{:<{}}  {:<7}  {}\n", each.check, width, name(each.verdict), each.found);
    if (!each.remedy.empty()) out << fmt::format("{:<{}}  {:<7}  do: {}\n", "", width, "", each.remedy);
  }
}

nlohmann::ordered_json to_json(const CheckReport& report) {
  OrderedJson checks = OrderedJson::array();
  for (const Finding& each : report.findings) checks.push_back(finding_json(each));
  return {{"version", K8SCALE_VERSION},
          {"server", text_or_null(report.server)},
          {"server_version", text_or_null(report.server_version)},
          {"user", text_or_null(report.user)},
          {"clock", clock_json(report.clock)},
          {"round_trip", round_trip_json(report.round_trip)},
          {"failed", report.has_failed()},
          {"checks", std::move(checks)}};
}

}  // namespace k8scale::subcommands
