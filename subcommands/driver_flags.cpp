#include "driver_flags.h"

#include <fmt/format.h>

#include "debug_from.h"
#include "driver_servers.h"
#include "exit_codes.h"
#include "flag_range.h"
#include "job_owner.h"
#include "k8scale/base/environment.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/text.h"
#include "k8scale/load/run_id.h"
#include "k8scale/load/write_join.h"

namespace k8scale::subcommands {
namespace {

constexpr std::uint64_t longest_final_wait = 1'000'000;  // seconds
constexpr int most_retries = 1'000;
constexpr std::size_t most_connections = 100'000;

// "rows-2.csv" for "rows.csv".
std::filesystem::path of_part(const std::filesystem::path& file, std::uint64_t part) {
  std::filesystem::path own = file;
  return own.replace_filename(fmt::format("{}-{}{}", file.stem().string(), part, file.extension().string()));
}

load::Part part_of(const std::string& text) {
  if (text == "auto") {
    return load::part_of_job(base::environment_variable("JOB_COMPLETION_INDEX"),
                             base::environment_variable("K8SCALE_PARTS"));
  }
  if (const auto part = load::parse_part(text)) return *part;
  throw base::Error(
      fmt::format("--part: found {}, expected auto, or i/n with 1 <= i <= n", base::go_quote(text)));
}

void check_part(const DriverFlags& flags, const load::Part& part) {
  if (part.count == 1 || (flags.seed != 0 && !flags.run_id.empty())) return;
  throw base::Error(
      "--part: the processes of a run need the same schedule and names: expected -seed and -runid");
}

void check_servers(const DriverFlags& flags) {
  if (flags.server_list.empty()) return;
  if (flags.cluster.embedded) {
    throw base::Error("--embedded is a server of its own: expected no --server-list");
  }
  if (!flags.cluster.server.empty()) {
    throw base::Error("--server and --server-list both choose servers; expected one of them");
  }
  check_server_list(flags.server_list);
}

measure::ProgressStyle progress_of(const std::string& text) {
  if (const auto style = measure::parse_progress_style(text)) return *style;
  throw base::Error(fmt::format("--progress: found {}, expected auto, plain or none", base::go_quote(text)));
}

load::Balance balance_of(const std::string& text) {
  if (const auto balance = load::parse_balance(text.empty() ? "random" : text)) return *balance;
  throw base::Error(fmt::format("--balance: found {}, expected random, round-robin or least-outstanding",
                                base::go_quote(text)));
}

bool uses_run_objects(const DriverFlags& flags) { return flags.start.together || flags.store_summary; }

void check_run_objects(const DriverFlags& flags) {
  if (!uses_run_objects(flags)) return;
  if (!flags.run_id.empty()) load::check_run_label(flags.run_id);
  if (!flags.cluster.embedded) return;
  throw base::Error(fmt::format(
      "{} is for others at the same server, and that of --embedded ends with this process: expected another "
      "server",
      flags.start.together ? "--start-together" : "--store-summary"));
}

void check_ranges(const DriverFlags& flags) {
  check_range("--shards", flags.shards, 1, most_shards);
  if (flags.wait_before_terminate > longest_final_wait) {
    throw base::Error(fmt::format("-waitBeforeTerminate: found {}, expected 0 to {} seconds",
                                  flags.wait_before_terminate, longest_final_wait));
  }
  if (flags.retries < 0 || flags.retries > most_retries) {
    throw base::Error(fmt::format("--retries: found {}, expected 0 to {}", flags.retries, most_retries));
  }
  check_range("--connections", flags.connections, 1, most_connections);
  if (flags.observe > load::WriteJoin::most_watchers) {
    throw base::Error(fmt::format("--observe: found {}, expected 1 to {} watchers", flags.observe,
                                  load::WriteJoin::most_watchers));
  }
  if (flags.request_timeout <= base::Nanoseconds(0) ||
      flags.request_timeout > std::chrono::seconds(longest_final_wait)) {
    throw base::Error(fmt::format("--request-timeout: found {}, expected more than 0 and at most {}s",
                                  base::format_duration(flags.request_timeout), longest_final_wait));
  }
  if (flags.grace < base::Nanoseconds(0) || flags.grace > std::chrono::seconds(longest_final_wait)) {
    throw base::Error(fmt::format("--grace: found {}, expected 0 to {}s", base::format_duration(flags.grace),
                                  longest_final_wait));
  }
}

}  // namespace

void DriverFlags::declare(CLI::App& app) {
  base::add_value(app, "--runid", run_id,
                  "run ID, begins the names of objects and files (default MMDD.hhmm.NNNN)");
  base::add_value(app, "--seed", seed, "seed of the schedule; 0 for one from the clock");
  base::add_value(app, "--datafile", data_file, "CSV file of operations")->type_name("FILE");
  base::add_value(app, "--metricport", metric_port,
                  "port or host:port of Prometheus metrics (default 9376, if it is free)");
  base::add_value(app, "--waitBeforeTerminate", wait_before_terminate,
                  "seconds to serve metrics after the run");
  cluster.declare(app);
  base::add_value(app, "--shards", shards, "threads that drive, each with its own connections");
  base::add_value(app, "--part", part,
                  "i/n: this is the i-th of n processes that share the run and its seed; auto: what "
                  "$JOB_COMPLETION_INDEX and $K8SCALE_PARTS say");
  start.declare(app);
  base::add_bool(app, "--store-summary", store_summary,
                 "put the summary into ConfigMap RUNID-summary-PART, for k8scale merge --run RUNID");
  base::add_value(app, "--connections", connections,
                  "connections that each shard keeps to each server at most; waiting for one is send lag");
  base::add_value(app, "--server-list", server_list,
                  "URLs of several API servers, comma-separated, instead of the configured one");
  base::add_value(app, "--balance", balance, "how an operation gets its server, of several")
      ->type_name("random|round-robin|least-outstanding");
  base::add_bool(app, "--useProtobuf", use_protobuf, "send and ask for protobuf where the resource has it");
  base::add_value(app, "--retries", retries, "how often 429 and 5xx with Retry-After are sent again");
  base::add_duration(
      app, "--request-timeout", request_timeout,
      "longest time from sending to the answer's end; TCP and TLS have as long each, 1s to 10s");
  base::add_duration(app, "--grace", grace, "longest time to delete what exists after a stop signal");
  base::add_count(app, "--observe", observe,
                  "watch what is written, on 1 or N connections, and measure when each write is seen");
  base::add_value(app, "--progress", progress, "how to tell the progress; plain is a line every 10 s")
      ->type_name("auto|plain|none");
  add_debug_from(app, debug_from);
  base::add_value(app, "-v", verbosity, verbosity_help);
}

nlohmann::ordered_json DriverFlags::summary_parameters() const {
  nlohmann::ordered_json made = {{"shards", shards},   {"part", part},
                                 {"retries", retries}, {"connections", connections},
                                 {"observe", observe}, {"embedded", cluster.embedded}};
  if (!server_list.empty()) made["server-list"] = server_list;
  if (!balance.empty()) made["balance"] = balance;
  if (use_protobuf) made["useProtobuf"] = true;
  return made;
}

void check_driver_flags(const DriverFlags& flags, std::size_t name_suffix) {
  check_ranges(flags);
  check_servers(flags);
  if (flags.part != "auto") check_part(flags, part_of(flags.part));
  static_cast<void>(progress_of(flags.progress));
  static_cast<void>(balance_of(flags.balance));
  static_cast<void>(askers_of(flags.debug_from));
  if (!flags.run_id.empty()) load::check_run_id(flags.run_id, name_suffix);
  check_run_objects(flags);
  static_cast<void>(flags.start.check(std::chrono::system_clock::now()));
}

DriverSettings settings_of(const DriverFlags& flags, std::size_t name_suffix) {
  check_driver_flags(flags, name_suffix);
  DriverSettings settings;
  const std::uint64_t now = base::seed_at(std::chrono::system_clock::now());
  settings.seed = flags.seed != 0 ? flags.seed : now;
  settings.part = part_of(flags.part);
  const load::Part& part = settings.part;
  check_part(flags, part);
  settings.progress = progress_of(flags.progress);
  settings.balance = balance_of(flags.balance);
  base::Random random(now, "run id");
  settings.run_id =
      flags.run_id.empty() ? load::default_run_id(std::chrono::system_clock::now(), random) : flags.run_id;
  load::check_run_id(settings.run_id, name_suffix);
  settings.start_at = flags.start.check(std::chrono::system_clock::now());
  if (uses_run_objects(flags)) settings.job = job_of_environment();
  // The parts of a run may share a folder.
  const std::string files = part.count == 1 ? settings.run_id + "-driver"
                                            : fmt::format("{}-driver-{}", settings.run_id, part.index);
  settings.data_file = load::data_file_name(flags.data_file, settings.run_id);
  if (part.count > 1) settings.data_file = of_part(settings.data_file, part.index);
  settings.parameter_file = files + ".parms";
  settings.summary_file = files + ".json";
  settings.seen_file = files + "-seen.csv";
  for (const auto& other : {settings.parameter_file, settings.summary_file, settings.seen_file}) {
    const bool is_written = other != settings.seen_file || flags.observe > 0;
    if (settings.data_file.lexically_normal() != other || !is_written) continue;
    throw base::Error(fmt::format("-datafile: found {}, which the run writes something else to",
                                  base::go_quote(settings.data_file.string())),
                      data_file_exit_code);
  }
  return settings;
}

}  // namespace k8scale::subcommands
