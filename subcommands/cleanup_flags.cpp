#include "cleanup_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "exit_codes.h"
#include "flag_range.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/text.h"
#include "k8scale/load/run_id.h"
#include "observe_flags.h"
#include "output_file.h"

namespace k8scale::subcommands {
namespace {

constexpr std::uint64_t most_concurrency = 1'000;

void check_duration(const char* flag, base::Nanoseconds duration) {
  if (duration >= base::Nanoseconds(0) && duration <= std::chrono::hours(24)) return;
  throw base::Error(fmt::format("{}: found {}, expected 0 to 24h", flag, base::format_duration(duration)));
}

void check_namespaces(const std::string& text) {
  if (text.empty()) return;
  for (const std::string& each : base::split(text, ',')) {
    const bool is_name = !each.empty() && std::all_of(each.begin(), each.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (is_name) continue;
    throw base::Error(
        fmt::format("--namespace: found {}, expected names with commas between", base::go_quote(text)));
  }
}

}  // namespace

void CleanupFlags::declare(CLI::App& app) {
  base::add_value(app, "--runid", run_id, "run whose objects are removed: those named RUNID-NUMBER");
  base::add_bool(app, "--all", all, "instead of --runid: the objects of all runs");
  app.add_option(
         "--resource", resources,
         "what else to remove beside configmaps and flunders: group/version/plural, or version/plural "
         "for the core group; may be repeated")
      ->type_name("RESOURCE");
  base::add_value(
      app, "--namespace", namespaces,
      "namespaces to look in, comma-separated; empty for all, or scaletest where those may not be "
      "listed");
  base::add_bool(app, "--dry-run", dry_run, "list what would go, and remove nothing");
  base::add_value(app, "--concurrency", concurrency, "deletes in flight at most");
  base::add_value(app, "--json", json, "file for what was found, removed and left, in JSON")
      ->type_name("FILE");
  cluster.declare(app);
  base::add_duration(app, "--settle", settle,
                     "after this look again, for what the server did meanwhile of what a killed driver had "
                     "asked for; 0 for not");
  base::add_duration(app, "--grace", grace, "longest time to list what is left after a stop signal");
  base::add_value(app, "--progress", progress, "how to tell the progress; plain is a line every 10 s")
      ->type_name("auto|plain|none");
  base::add_value(app, "-v", verbosity,
                  std::string(verbosity_help) + "; 1 the first names that were removed");
}

measure::ProgressStyle CleanupFlags::check() const {
  if (run_id.empty() && !all) {
    throw base::Error("found neither -runid nor --all, expected one of them");
  }
  if (!run_id.empty() && all) {
    throw base::Error("--all means all runs: expected no -runid beside it");
  }
  if (!all) load::check_run_id(run_id, load::name_suffix_length(1));
  check_range("--concurrency", concurrency, 1, most_concurrency);
  check_duration("--settle", settle);
  check_duration("--grace", grace);
  for (const std::string& each : resources) static_cast<void>(parse_resource(each));
  check_namespaces(namespaces);
  const auto style = measure::parse_progress_style(progress);
  if (!style) {
    throw base::Error(
        fmt::format("--progress: found {}, expected auto, plain or none", base::go_quote(progress)));
  }
  check_output_file("--json", json, output_lost_exit_code);
  return *style;
}

}  // namespace k8scale::subcommands
