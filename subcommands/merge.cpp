#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "cluster_flags.h"
#include "exit_codes.h"
#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/measure/summary_merge.h"
#include "k8scale/measure/summary_read.h"
#include "output_file.h"
#include "stored_summaries.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

constexpr int missing_exit_code = 3;
constexpr int difference_exit_code = 4;
constexpr int conflict_exit_code = 6;
constexpr std::string_view merge_exit_codes =
    "Exit codes: 0 all parts of the run are there; 1 a flag; 3 parts are missing; 4 none is, but they did\n"
    "not begin together, or their clocks differ; 5 a summary cannot be read, or there is none; 6 they are\n"
    "not different parts of one run, and nothing is merged; 12 the summary could not be written; 20 the\n"
    "configuration, its credentials, or the server behind it. With 3 and 4 the summary is there, and warns.";

struct MergeFlags {
  std::vector<std::string> files;
  std::string run_id;
  std::string json;
  ClusterFlags cluster;
};

void check_server_flags(const MergeFlags& flags) {
  const ClusterFlags& cluster = flags.cluster;
  const bool names_server =
      !cluster.kubeconfig.empty() || !cluster.context.empty() || !cluster.server.empty();
  if (names_server && flags.run_id.empty()) {
    throw base::Error(
        "-kubeconfig, --context and --server are for --run: expected none of them beside files");
  }
}

measure::PartSummary read(const std::string& file) {
  const base::Result<std::string> text = base::read_file(file);
  if (text.has_error()) throw base::Error(text.error().detail(), unreadable_exit_code);
  base::Result<measure::Summary> summary = measure::read_summary(*text);
  if (summary.has_error()) {
    throw base::Error(fmt::format("{}: {}", file, summary.error().detail()), unreadable_exit_code);
  }
  return {file, std::move(*summary)};
}

std::vector<measure::PartSummary> from_files(const std::vector<std::string>& files) {
  std::vector<measure::PartSummary> parts;
  parts.reserve(files.size());
  for (const std::string& file : files) parts.push_back(read(file));
  return parts;
}

std::vector<measure::PartSummary> from_server(const MergeFlags& flags) {
  const Cluster cluster = open_cluster(flags.cluster);
  const std::shared_ptr<kube::Credentials> credentials = kube::Credentials::load(cluster.configuration);
  net::Shard shard("merge");
  kube::ClientOptions options;
  options.user_agent = "k8scale merge";
  kube::Client client(shard, cluster.configuration, credentials, std::move(options));
  const net::StopFirst stop_first(shard);
  static_cast<void>(kube::server_version(shard, client));
  return stored_summaries(shard, client, flags.run_id);
}

bool write_merged(const measure::Summary& summary, const std::string& json) {
  measure::print_text(std::cout, summary);
  std::cout.flush();
  if (!std::cout) base::log_error("the summary cannot be written to standard output");
  if (json.empty()) return static_cast<bool>(std::cout);
  const base::Result<void> written = measure::write_json(json, summary);
  if (written.has_error()) base::log_error("--json: cannot write " + written.error().detail());
  return static_cast<bool>(std::cout) && written.has_value();
}

int merge_and_tell(const std::vector<measure::PartSummary>& parts, const std::string& json) {
  measure::MergedRun run = measure::merge_parts(parts);
  if (!run.conflicts.empty()) {
    for (const std::string& conflict : run.conflicts) base::log_error(conflict);
    throw base::Error("these are not different parts of one run: nothing is merged", conflict_exit_code);
  }
  if (!json.empty()) run.summary.files.push_back({"summary", json});
  if (!write_merged(run.summary, json)) return output_lost_exit_code;
  if (run.summary.parts && !run.summary.parts->missing().empty()) return missing_exit_code;
  return run.differences.empty() ? 0 : difference_exit_code;
}

}  // namespace

int merge(const Invocation& invocation) {
  MergeFlags flags;
  CLI::App app("Makes one summary of those that the parts of a run wrote.", "k8scale merge");
  app.add_option("FILE", flags.files, "summaries of the parts, RUNID-driver-1.json and so on")
      ->type_name("FILE");
  base::add_value(app, "--run", flags.run_id,
                  "run ID: instead of files, what the parts put on the server with --store-summary");
  base::add_value(app, "--json", flags.json, "file for the summary in JSON, which is as that of one process")
      ->type_name("FILE");
  flags.cluster.declare_server(app);
  app.footer(std::string(merge_exit_codes));
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  if (flags.files.empty() == flags.run_id.empty()) {
    throw base::Error("expected the summaries of a run's parts, as files or by --run");
  }
  check_server_flags(flags);
  check_output_file("--json", flags.json, output_lost_exit_code);
  return merge_and_tell(flags.run_id.empty() ? from_files(flags.files) : from_server(flags), flags.json);
}

}  // namespace k8scale::subcommands
