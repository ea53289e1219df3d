#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <iostream>

#include "driver_flags.h"
#include "driver_namespace.h"
#include "driver_shard.h"
#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/base/stop_signals.h"
#include "k8scale/load/config_map.h"
#include "k8scale/load/parameter_file.h"
#include "k8scale/load/run.h"
#include "k8scale/load/run_id.h"
#include "k8scale/measure/metrics.h"
#include "k8scale/measure/summary.h"
#include "latest.h"
#include "metrics_endpoint.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

constexpr int output_lost_exit_code = 12;
constexpr std::string_view exit_codes =
    "Exit codes: 0 the run came to its end, whatever the server answered; 1 a flag; 5 -datafile; 10, 11 the\n"
    "parameter file; 12 rows or the summary could not be written; 20 the configuration, its credentials, or "
    "the\n"
    "server behind it; 130 SIGINT; 143 SIGTERM.";
constexpr std::uint64_t most_objects = 1'000'000'000;
constexpr double longest_lifetime = 1e9;  // seconds
// A ConfigMap holds 1 MiB.
constexpr std::uint64_t most_data = 1 << 20;

struct Flags {
  double lambda = 1;
  std::uint64_t n = 300;
  std::uint64_t maxpop = 100;
  std::uint64_t datalen = 2000;
  bool clientlb = false;
  DriverFlags driver;

  [[nodiscard]] base::Nanoseconds lifetime() const {
    return base::from_seconds(static_cast<double>(maxpop) / lambda);
  }
};

void declare(CLI::App& app, Flags& flags) {
  base::add_value(app, "--lambda", flags.lambda, "creations per second, on average");
  base::add_value(app, "--n", flags.n, "objects to create");
  base::add_value(app, "--maxpop", flags.maxpop,
                  "objects that exist at a time: each lives maxpop/lambda seconds");
  base::add_value(app, "--datalen", flags.datalen, "bytes of data in each object");
  base::add_bool(app, "--clientlb", flags.clientlb,
                 "send each request to an endpoint of service default/kubernetes");
  flags.driver.declare(app);
}

void check(const Flags& flags) {
  if (!(flags.lambda > 0) || !std::isfinite(flags.lambda) || flags.lambda > 1e7 || flags.lambda < 1e-6) {
    throw base::Error(
        fmt::format("-lambda: found {}, expected 0.000001 to 10000000 per second", flags.lambda));
  }
  if (flags.n < 1 || flags.n > most_objects) {
    throw base::Error(fmt::format("-n: found {}, expected 1 to {}", flags.n, most_objects));
  }
  if (flags.maxpop > most_objects) {
    throw base::Error(fmt::format("-maxpop: found {}, expected 0 to {}", flags.maxpop, most_objects));
  }
  const double lifetime = static_cast<double>(flags.maxpop) / flags.lambda;
  if (lifetime > longest_lifetime) {
    throw base::Error(
        fmt::format("-maxpop: found {} with -lambda {}, so that objects live {} s; expected at most {} s",
                    flags.maxpop, flags.lambda, lifetime, longest_lifetime));
  }
  if (flags.datalen > most_data) {
    throw base::Error(fmt::format("-datalen: found {}, expected 0 to {} bytes", flags.datalen, most_data));
  }
  if (flags.clientlb) {
    throw base::Error(
        "-clientlb: requests go to one server; expected -clientlb=false, with --server to choose it");
  }
}

load::Parameters parameters_of(const Flags& flags, const DriverSettings& settings) {
  return {{"KUBECONFIG", flags.driver.cluster.kubeconfig},
          {"LAMBDA", flags.lambda},
          {"N", flags.n},
          {"MAXPOP", flags.maxpop},
          {"DATALEN", flags.datalen},
          {"DATEFILENAME", settings.data_file.string()},
          {"RUNID", settings.run_id},
          {"SEED", settings.seed}};
}

nlohmann::ordered_json summary_parameters(const Flags& flags) {
  const DriverFlags& driver = flags.driver;
  return {{"lambda", flags.lambda},
          {"n", flags.n},
          {"maxpop", flags.maxpop},
          {"datalen", flags.datalen},
          {"shards", driver.shards},
          {"part", driver.part},
          {"retries", driver.retries},
          {"observe", driver.observe},
          {"embedded", driver.cluster.embedded}};
}

// What /metrics shows.
struct Shown {
  measure::Snapshot snapshot;
  measure::Pace pace;
};

std::string metrics_text(const Latest<Shown>& latest) {
  return latest.look([](const Shown& shown) {
    return measure::metrics_text(shown.snapshot, shown.pace, measure::read_process());
  });
}

// One run and what it needs, in the order in which it is made.
class Cmdriver {
 public:
  Cmdriver(const Flags& flags, DriverSettings settings);
  int run();

 private:
  void check_server();
  void open_files();
  void observe(const kube::Collection& collection, const load::ObjectNames& names);
  void make_shards();
  void prewarm();
  [[nodiscard]] load::RunResult drive();
  [[nodiscard]] measure::Summary summarize(const load::RunResult& result);
  [[nodiscard]] int report(const load::RunResult& result);
  void wait_before_end();

  const Flags& flags_;
  DriverSettings settings_;
  base::StopSignals signals_;
  Latest<Shown> shown_;
  MetricsEndpoint metrics_;
  Cluster cluster_;
  std::shared_ptr<kube::Credentials> credentials_;
  kube::ClientOptions client_options_;
  std::string server_version_;
  std::unique_ptr<measure::OperationLog> log_;
  std::unique_ptr<measure::SeenLog> seen_log_;
  std::unique_ptr<load::WriteObserver> observer_;
  std::vector<std::unique_ptr<OpenLoopShard>> shards_;
};

Cmdriver::Cmdriver(const Flags& flags, DriverSettings settings)
    : flags_(flags),
      settings_(std::move(settings)),
      metrics_(flags.driver.metric_port, flags.driver.metric_port == DriverFlags().metric_port,
               [this] { return metrics_text(shown_); }),
      cluster_(open_cluster(flags.driver.cluster)),
      credentials_(kube::Credentials::load(cluster_.configuration)) {
  client_options_.user_agent = "scaletest driver";
  client_options_.retries = flags.driver.retries;
  client_options_.request_timeout = flags.driver.request_timeout;
}

// Before any file is written.
void Cmdriver::check_server() {
  net::Shard shard("start");
  kube::Client client(shard, cluster_.configuration, credentials_, client_options_);
  server_version_ = kube::server_version(shard, client);
  check_namespace(shard, client, cluster_.embedded != nullptr);
}

void Cmdriver::open_files() {
  log_ = std::make_unique<measure::OperationLog>(settings_.data_file);
  if (flags_.driver.observe > 0) seen_log_ = std::make_unique<measure::SeenLog>(settings_.seen_file);
  load::write_parameter_file(settings_.parameter_file, parameters_of(flags_, settings_));
}

// Watches what this process is going to write.
void Cmdriver::observe(const kube::Collection& collection, const load::ObjectNames& names) {
  if (flags_.driver.observe == 0) return;
  const load::Lane ours = load::lane_of(settings_.part, 0, 1);
  const auto owns = [names, ours](std::string_view name) { return ours.takes(names.number(name)); };
  load::WriteObserver::Options options{flags_.driver.observe, collection, std::string(label_selector), owns};
  options.seed = settings_.seed;
  options.grace = flags_.driver.grace;
  observer_ = std::make_unique<load::WriteObserver>(cluster_.configuration, credentials_, client_options_,
                                                    std::move(options), *seen_log_);
  observer_->start();
}

void Cmdriver::make_shards() {
  const auto text = std::make_shared<const load::ConfigMapText>(namespace_name, flags_.datalen);
  OpenLoopShard::Parameters parameters;
  parameters.loop = {flags_.lambda, flags_.n, settings_.seed};
  parameters.lifecycle.lifetime = flags_.lifetime();
  parameters.clean_up_time = flags_.driver.grace;
  parameters.lifecycle.field_manager = "cmdriver";
  parameters.lifecycle.object = [text](std::string_view name, base::WallTime now) {
    return text->create(name, now);
  };
  const kube::Collection collection(kube::config_maps(), namespace_name);
  const load::ObjectNames names(settings_.run_id, flags_.n);
  observe(collection, names);
  for (std::uint64_t i = 0; i < flags_.driver.shards; ++i) {
    parameters.lane = load::lane_of(settings_.part, i, flags_.driver.shards);
    shards_.push_back(std::make_unique<OpenLoopShard>(static_cast<int>(i), cluster_.configuration,
                                                      credentials_, client_options_, collection, names,
                                                      parameters, *log_, observer_.get()));
  }
}

// Connections for requests that overlap at the asked rate, so that few wait for a handshake.
void Cmdriver::prewarm() {
  const double wanted = std::clamp(flags_.lambda / 100, 4.0, 64.0) / static_cast<double>(shards_.size());
  for (const auto& each : shards_) {
    const base::Result<void> ready =
        each->shard().run(each->client().prewarm(static_cast<std::size_t>(std::ceil(wanted))));
    if (ready.has_error()) base::log_warning("cannot open a connection: " + ready.error().message());
  }
}

load::RunResult Cmdriver::drive() {
  std::vector<load::ShardWork> work;
  work.reserve(shards_.size() + 1);
  for (const auto& each : shards_) work.push_back(each->work());
  if (observer_) work.push_back(observer_->work());
  load::RunOptions options;
  options.progress = settings_.progress;
  options.grace = flags_.driver.grace;
  options.asked_rate = flags_.lambda;
  options.publish = [this](const measure::Snapshot& snapshot, const measure::Pace& pace) {
    shown_.update([&](Shown& shown) {
      shown.snapshot = snapshot;
      shown.pace = pace;
    });
  };
  options.before_exit = [this] {
    log_->flush(std::chrono::seconds(1));
    if (seen_log_) seen_log_->flush(std::chrono::seconds(1));
  };
  return load::run_shards(work, options, signals_);
}

measure::Summary Cmdriver::summarize(const load::RunResult& result) {
  measure::Summary summary;
  summary.version = K8SCALE_VERSION;
  summary.subcommand = "cmdriver";
  summary.server = shards_.front()->client().server();
  summary.server_version = server_version_;
  summary.run_id = settings_.run_id;
  summary.seed = settings_.seed;
  summary.parameters = summary_parameters(flags_);
  summary.started = result.started;
  summary.ended = result.ended;
  summary.duration = result.duration;
  if (result.signal) summary.interrupted = base::signal_name(*result.signal);
  const measure::VerbTotals& creates = result.totals.of(measure::Verb::create);
  summary.asked_rate = flags_.lambda;
  summary.achieved_rate = creates.rate();
  if (creates.done > 0) summary.schedule_length = creates.scheduled.last - result.start;
  summary.totals = result.totals;
  summary.shard_cpu = result.shard_cpu;
  summary.process = measure::read_process();
  summary.rows = log_->close();
  summary.files = {{"rows", settings_.data_file},
                   {"parameters", settings_.parameter_file},
                   {"summary", settings_.summary_file}};
  if (observer_) {
    summary.watch_cpu = result.watch_cpu;
    summary.seen_rows = seen_log_->close();
    summary.files.push_back({"seen", settings_.seen_file});
    summary.notes = observer_->troubles();
  }
  std::size_t left = 0;
  for (const auto& each : shards_) left += each->left();
  if (left > 0) {
    summary.notes.push_back(fmt::format(
        "up to {} objects may be left on the server; delete them: kubectl delete configmaps -n {} -l "
        "purpose=scaletest",
        left, namespace_name));
  }
  if (result.gave_up) {
    summary.notes.push_back(fmt::format("gave up {} after the stop signal (--grace), before all was deleted",
                                        base::format_duration(flags_.driver.grace)));
  }
  return summary;
}

int Cmdriver::report(const load::RunResult& result) {
  const measure::Summary summary = summarize(result);
  const base::Result<void> written = measure::write_json(settings_.summary_file, summary);
  measure::print_text(std::cout, summary);
  std::cout.flush();
  if (written.has_error()) base::log_error("cannot write the summary: " + written.error().detail());
  if (result.signal) return load::exit_code_of(result);
  const bool rows_lost = summary.rows && summary.rows->rows_lost > 0;
  const bool seen_lost = summary.seen_rows && summary.seen_rows->rows_lost > 0;
  return rows_lost || seen_lost || written.has_error() ? output_lost_exit_code : 0;
}

// For a last look at the metrics.
void Cmdriver::wait_before_end() {
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::seconds(flags_.driver.wait_before_terminate);
  while (std::chrono::steady_clock::now() < end) {
    if (signals_.wait_until(end)) return;
  }
}

int Cmdriver::run() {
  check_server();
  open_files();
  make_shards();
  prewarm();
  const load::RunResult result = drive();
  const int exit_code = report(result);
  if (!result.signal) wait_before_end();
  return exit_code;
}

}  // namespace

int cmdriver(const std::vector<std::string>& arguments) {
  Flags flags;
  CLI::App app("Creates ConfigMaps at random moments and deletes each after a while: an open loop.",
               "k8scale cmdriver");
  declare(app, flags);
  app.footer(std::string(exit_codes));
  const base::ParseOutcome parsed = base::parse_go_arguments(app, arguments);
  if (!parsed.proceed) return print_outcome(parsed, app.get_name());
  base::set_verbosity(flags.driver.verbosity);
  check(flags);
  DriverSettings settings = settings_of(flags.driver, load::name_suffix_length(flags.n));
  return Cmdriver(flags, std::move(settings)).run();
}

}  // namespace k8scale::subcommands
