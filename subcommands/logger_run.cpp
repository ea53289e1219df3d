#include "logger_run.h"

#include <fmt/format.h>

#include <atomic>
#include <iostream>

#include "debug_from.h"
#include "discover.h"
#include "exit_codes.h"
#include "flag_range.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/measure/process.h"
#include "k8scale/net/own_address.h"
#include "k8scale/observe/logger_summary.h"
#include "k8scale/profile/allocator.h"
#include "latest.h"
#include "logger_shard.h"
#include "metrics_endpoint.h"
#include "observe_run.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

constexpr int unwritable_exit_code = 2;
constexpr std::uint64_t most_logger_threads = 1000;
constexpr const char* logger_exit_codes =
    "Exit codes: 0 it ended by --for or --until-idle; 1 a flag; 2 -data-filname cannot be written; 12 rows "
    "or\n"
    "the summary could not be written later; 10 the server has no such resource, or no list was complete, "
    "as\n"
    "where it refuses the credentials; 20 the configuration or its credentials cannot be read; 130 SIGINT;\n"
    "143 SIGTERM.";

// One run and what it needs, in the order in which it is made.
class LoggerRun {
 public:
  LoggerRun(const LoggerFlags& flags, const LoggerKind& kind);
  int run();

 private:
  [[nodiscard]] LoggerShard::Parameters parameters() const;
  [[nodiscard]] kube::ClientOptions client_options() const;
  [[nodiscard]] observe::LoggerState look();
  void stop(std::future<void>& done);
  [[nodiscard]] observe::LoggerSummary summarize(const RunEnd& end);
  [[nodiscard]] int report(const RunEnd& end);
  /// Why nothing was listed; empty when something was.
  [[nodiscard]] std::string list_failure(const observe::LoggerSummary& summary) const;

  const LoggerFlags& flags_;
  const LoggerKind& kind_;
  base::StopSignals signals_;
  Latest<observe::LoggerState> shown_;
  Cluster cluster_;
  std::shared_ptr<kube::Credentials> credentials_;
  kube::Collection collection_;
  observe::LoggerIdentity identity_;
  MetricsEndpoint metrics_;
  measure::RowLog rows_;
  LoggerShard logger_;
  base::WallTime started_ = std::chrono::system_clock::now();
  base::SteadyTime start_ = std::chrono::steady_clock::now();
};

Cluster open(const LoggerFlags& flags, const LoggerKind& kind) {
  Cluster cluster = open_cluster(flags.observe.cluster);
  if (!kind.verify_server) {
    cluster.configuration.verify_server = false;
    cluster.configuration.ca = {};
  }
  return cluster;
}

LoggerRun::LoggerRun(const LoggerFlags& flags, const LoggerKind& kind)
    : flags_(flags),
      kind_(kind),
      cluster_(open(flags, kind)),
      credentials_(kube::Credentials::load(cluster_.configuration)),
      collection_(observed_resource(flags.observe, cluster_.configuration, credentials_, kind.user_agent),
                  ""),
      identity_{collection_.resource().plural, net::own_address()},
      metrics_(flags.observe.metric_port, flags.observe.metric_port == ObserveFlags::default_metric_port,
               askers_of(flags.observe.debug_from),
               [this] {
                 return shown_.look([this](const observe::LoggerState& state) {
                   return observe::metrics_text(state, identity_, measure::read_process());
                 });
               }),
      rows_(flags.data_file, "-data-filname", unwritable_exit_code),
      logger_(cluster_.configuration, credentials_, client_options(), parameters(), rows_) {}

kube::ClientOptions LoggerRun::client_options() const {
  kube::ClientOptions options;
  options.user_agent = kind_.user_agent;
  return options;
}

LoggerShard::Parameters LoggerRun::parameters() const {
  LoggerShard::Parameters made{collection_, flags_.observe.reflector_options(), {}, FinalList::no};
  made.reflector.annotations = observe::Informer::annotations();
  made.reflector.gives_up_on_unknown = true;
  made.logger.columns = kind_.columns;
  made.logger.workers = flags_.threads;
  const bool compare = kind_.columns == observe::Columns::ten && !flags_.no_compare;
  made.logger.compare = compare ? observe::Compare::yes : observe::Compare::no;
  if (flags_.final_list) made.final_list = FinalList::yes;
  return made;
}

observe::LoggerState LoggerRun::look() {
  observe::LoggerState state = ask(logger_.shard(), [this] { return logger_.state(); });
  state.rows = rows_.totals();
  shown_.update([&](observe::LoggerState& shown) { shown = state; });
  return state;
}

void LoggerRun::stop(std::future<void>& done) {
  logger_.shard().post([this] { logger_.stop(); });
  wait_for_stop(done, signals_, [this] { rows_.flush(std::chrono::seconds(1)); });
}

observe::LoggerSummary LoggerRun::summarize(const RunEnd& end) {
  observe::LoggerSummary summary;
  observe::RunFacts& facts = summary.facts;
  facts.version = K8SCALE_VERSION;
  facts.subcommand = kind_.subcommand;
  facts.server = logger_.client().server();
  facts.resource = collection_.qualified();
  facts.parameters = flags_.observe.parameters();
  facts.parameters["resource"] = resource_text(collection_.resource());
  facts.parameters["threads"] = flags_.threads;
  facts.parameters["no-compare"] = flags_.no_compare;
  facts.parameters["final-list"] = flags_.final_list;
  facts.started = started_;
  facts.ended = std::chrono::system_clock::now();
  facts.duration = std::chrono::steady_clock::now() - start_;
  if (end.signal) facts.interrupted = base::signal_name(*end.signal);
  if (std::string warning = end.warning(); !warning.empty()) facts.notes.push_back(std::move(warning));
  summary.state = look();
  logger_.shard().stop();
  if (logger_.lacks_final_list()) facts.notes.emplace_back("--final-list: no list was complete");
  summary.state.rows = rows_.close();
  facts.process = measure::read_process();
  facts.faults = cluster_.fault_counts();
  facts.files.push_back({"rows", flags_.data_file});
  if (!flags_.observe.summary_file.empty()) facts.files.push_back({"summary", flags_.observe.summary_file});
  return summary;
}

int LoggerRun::report(const RunEnd& end) {
  const observe::LoggerSummary summary = summarize(end);
  if (flags_.observe.summary) {
    print_text(std::cout, summary);
    std::cout.flush();
  }
  const std::string lost = measure::rows_warning(summary.state.rows);
  if (!lost.empty()) base::log_error(lost);
  const bool written = write_summary(flags_.observe, to_json(summary));
  if (end.signal) return 128 + *end.signal;
  const std::string failure = list_failure(summary);
  if (!failure.empty()) {
    base::log_error(fmt::format("--resource {}: {}", resource_text(collection_.resource()), failure));
    return list_failed_exit_code;
  }
  return written && lost.empty() ? 0 : output_lost_exit_code;
}

std::string LoggerRun::list_failure(const observe::LoggerSummary& summary) const {
  if (const auto& failure = logger_.failure()) return "the list failed: " + failure->message;
  return summary.state.logger.synced ? "" : "no list was complete";
}

int LoggerRun::run() {
  std::promise<void> ended;
  std::future<void> done = ended.get_future();
  std::atomic<bool> gave_up = false;
  const auto run_to_its_end = [&]() -> net::Task<void> {
    co_await logger_.run();
    gave_up = true;
    ended.set_value();
    signals_.wake();
  };
  logger_.shard().spawn(run_to_its_end());
  const RunEnd end = wait_for_end(flags_.observe, signals_, [&] {
    const observe::LoggerState state = look();
    return Activity{state.logger.synced && state.logger.watching, state.logger.last_news, gave_up};
  });
  stop(done);
  return report(end);
}

}  // namespace

void LoggerFlags::declare(CLI::App& app) {
  base::add_value(app, "--data-filname", data_file, "CSV file of what was seen")->type_name("FILE");
  base::add_value(app, "--threads", threads,
                  "workers that take keys from the queue, in turns: they share a thread, and none ever waits "
                  "while it has a key, so one does as well as many");
  observe.declare(app);
  base::add_bool(app, "--final-list", final_list,
                 "list once more at the end, and count what the watch did not tell");
  app.footer(logger_exit_codes);
}

void LoggerFlags::check() const {
  observe.check();
  check_range("-threads", threads, 1, most_logger_threads);
}

std::optional<int> parse_logger(CLI::App& app, const Invocation& invocation, const LoggerFlags& flags) {
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.observe.verbosity);
  flags.check();
  return std::nullopt;
}

int run_logger(const LoggerFlags& flags, const LoggerKind& kind) {
  profile::keep_little_free_memory();
  return LoggerRun(flags, kind).run();
}

}  // namespace k8scale::subcommands
