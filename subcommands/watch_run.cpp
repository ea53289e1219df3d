#include "watch_run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <atomic>
#include <iostream>

#include "debug_from.h"
#include "discover.h"
#include "exit_codes.h"
#include "flag_range.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/kube/log_memory.h"
#include "latest.h"
#include "metrics_endpoint.h"
#include "observe_run.h"
#include "tools.h"
#include "watch_shards.h"

namespace k8scale::subcommands {
namespace {

constexpr int watch_failed_exit_code = 12;
constexpr int summary_lost_exit_code = 13;
constexpr std::uint64_t most_watches = 1'000'000;
// Files beside the watches' connections.
constexpr rlim_t other_files = 64;
constexpr const char* watch_exit_codes =
    "Exit codes: 0 it ended by --for or --until-idle; 1 a flag; 10 the list failed, as where the server "
    "refuses\n"
    "the credentials; 12 a watch could not be opened (with one watch; many try again); 13 the summary could "
    "not\n"
    "be written; 20 the configuration or its credentials cannot be read; 130 SIGINT; 143 SIGTERM.";

// Every watch holds a connection.
void allow_files(std::uint64_t watches, bool embedded) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const rlim_t wanted = watches * (embedded ? 2 : 1) + other_files;
  if (wanted <= files.rlim_max) return;
  throw base::Error(fmt::format("--watches {}: needs {} open files, and {} are allowed; raise ulimit -Hn",
                                watches, wanted, files.rlim_max));
}

// One run and what it needs, in the order in which it is made.
class WatchRun {
 public:
  WatchRun(const WatchFlags& flags, const WatcherKind& kind);
  int run();

 private:
  struct Ending {
    RunEnd end;
    std::optional<kube::ReflectorFailure> failure;
  };

  [[nodiscard]] Ending run_single();
  [[nodiscard]] Ending run_many();
  [[nodiscard]] observe::WatchState state_of_many();
  void make_shards();
  void show(const observe::WatchState& state);
  [[nodiscard]] observe::WatchSummary summarize(const Ending& ending) const;
  [[nodiscard]] int report(const Ending& ending) const;

  const WatchFlags& flags_;
  const WatcherKind& kind_;
  base::StopSignals signals_;
  Latest<observe::WatchState> shown_;
  MetricsEndpoint metrics_;
  Cluster cluster_;
  std::shared_ptr<kube::Credentials> credentials_;
  WatchParameters parameters_;
  std::uint64_t resident_before_ = 0;  // bytes
  std::uint64_t resident_at_end_ = 0;
  base::WallTime started_ = std::chrono::system_clock::now();
  base::SteadyTime start_ = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<WatchShard>> shards_;
  observe::WatchState last_;
};

WatchRun::WatchRun(const WatchFlags& flags, const WatcherKind& kind)
    : flags_(flags),
      kind_(kind),
      metrics_(flags.observe.metric_port, flags.observe.metric_port == ObserveFlags::default_metric_port,
               askers_of(flags.observe.debug_from),
               [this] {
                 return shown_.look([](const observe::WatchState& state) {
                   return observe::metrics_text(state, measure::read_process());
                 });
               }),
      cluster_(open_cluster(flags.observe.cluster)),
      credentials_(kube::Credentials::load(cluster_.configuration)),
      parameters_{cluster_.configuration,
                  credentials_,
                  {},
                  kube::Collection(
                      observed_resource(flags.observe, cluster_.configuration, credentials_, kind.user_agent),
                      flags.namespace_name),
                  flags.observe.reflector_options()} {
  parameters_.client.user_agent = kind.user_agent;
  parameters_.client.logged = std::make_shared<kube::LogMemory>();
}

void WatchRun::show(const observe::WatchState& state) {
  last_ = state;
  shown_.update([&](observe::WatchState& shown) { shown = state; });
}

WatchRun::Ending WatchRun::run_single() {
  SingleWatch watch(parameters_);
  std::promise<void> ended;
  std::future<void> done = ended.get_future();
  std::atomic<bool> gave_up = false;
  const auto run_to_its_end = [&]() -> net::Task<void> {
    co_await watch.run();
    gave_up = true;
    ended.set_value();
    signals_.wake();
  };
  watch.shard().spawn(run_to_its_end());
  Ending ending;
  ending.end = wait_for_end(flags_.observe, signals_, [&] {
    base::SteadyTime last;
    show(ask(watch.shard(), [&] {
      last = watch.last_news();
      return watch.state();
    }));
    return Activity{last_.totals.watching == 1, last, gave_up};
  });
  resident_at_end_ = measure::read_process().resident_bytes;
  watch.shard().post([&watch] { watch.stop(); });
  wait_for_stop(done, signals_, [] {});
  show(ask(watch.shard(), [&] { return watch.state(); }));
  watch.shard().stop();
  ending.failure = watch.failure();
  return ending;
}

void WatchRun::make_shards() {
  const std::uint64_t shards = std::min(flags_.shards, flags_.watches);
  for (std::uint64_t i = 0; i < shards; ++i) {
    const std::uint64_t share = flags_.watches / shards + (i < flags_.watches % shards ? 1 : 0);
    shards_.push_back(std::make_unique<WatchShard>(static_cast<int>(i), parameters_, share));
  }
}

observe::WatchState WatchRun::state_of_many() {
  observe::WatchState state;
  for (const auto& each : shards_) {
    const auto [totals, counters] =
        ask(each->shard(), [&each] { return std::pair(each->fan_out().totals(), each->counters()); });
    state.totals.merge(totals);
    state.totals.versions = std::max(state.totals.versions, totals.versions);
    observe::add(state.reflectors, counters);
  }
  return state;
}

WatchRun::Ending WatchRun::run_many() {
  parameters_.reflector.start_version = current_version(parameters_, list_failed_exit_code);
  start_ = std::chrono::steady_clock::now();
  make_shards();
  std::atomic<std::size_t> running = shards_.size();
  std::promise<void> ended;
  std::future<void> done = ended.get_future();
  const auto run_to_its_end = [&](WatchShard& shard) -> net::Task<void> {
    co_await shard.run();
    if (--running > 0) co_return;
    ended.set_value();
    signals_.wake();
  };
  for (const auto& each : shards_) each->shard().spawn(run_to_its_end(*each));
  Ending ending;
  ending.end = wait_for_end(flags_.observe, signals_, [&] {
    show(state_of_many());
    const base::SteadyTime last = std::max(last_.totals.received.last, last_.totals.last_opened);
    return Activity{last_.totals.watching == last_.totals.watches, last, false};
  });
  resident_at_end_ = measure::read_process().resident_bytes;
  for (const auto& each : shards_) each->shard().post([&each] { each->stop(); });
  wait_for_stop(done, signals_, [] {});
  observe::WatchState state = state_of_many();
  std::vector<const observe::FanOut*> fan_outs;
  for (const auto& each : shards_) {
    each->shard().stop();
    fan_outs.push_back(&each->fan_out());
  }
  state.totals = observe::merge(fan_outs);
  show(state);
  return ending;
}

observe::WatchSummary WatchRun::summarize(const Ending& ending) const {
  observe::WatchSummary summary;
  observe::RunFacts& facts = summary.facts;
  facts.version = K8SCALE_VERSION;
  facts.subcommand = kind_.subcommand;
  facts.server = cluster_.configuration.server.url() + cluster_.configuration.path_prefix;
  facts.resource = parameters_.collection.qualified();
  facts.parameters = flags_.observe.parameters();
  facts.parameters["resource"] = resource_text(parameters_.collection.resource());
  facts.parameters["namespace"] = flags_.namespace_name;
  facts.parameters["watches"] = flags_.watches;
  facts.parameters["shards"] = flags_.shards;
  facts.started = started_;
  facts.ended = std::chrono::system_clock::now();
  facts.duration = std::chrono::steady_clock::now() - start_;
  if (ending.end.signal) facts.interrupted = base::signal_name(*ending.end.signal);
  facts.process = measure::read_process();
  facts.faults = cluster_.fault_counts();
  if (!flags_.observe.summary_file.empty()) facts.files.push_back({"summary", flags_.observe.summary_file});
  if (ending.failure) {
    facts.notes.push_back("ended by a failure: " + ending.failure->message);
  } else if (std::string warning = ending.end.warning(); !warning.empty()) {
    facts.notes.push_back(std::move(warning));
  }
  summary.state = last_;
  summary.start = start_;
  summary.resident_before = resident_before_;
  summary.resident_with_watches = resident_at_end_;
  return summary;
}

int WatchRun::report(const Ending& ending) const {
  using Step = kube::ReflectorFailure::Step;
  const observe::WatchSummary summary = summarize(ending);
  if (flags_.observe.summary) {
    print_text(std::cout, summary);
    std::cout.flush();
  }
  const bool written = write_summary(flags_.observe, to_json(summary));
  if (ending.end.signal) return 128 + *ending.end.signal;
  if (!ending.failure) return written ? 0 : summary_lost_exit_code;
  const bool list = ending.failure->step == Step::list;
  base::log_error(fmt::format("{} of {} failed: {}", list ? "list" : "watch",
                              parameters_.collection.qualified(), ending.failure->message));
  return list ? list_failed_exit_code : watch_failed_exit_code;
}

int WatchRun::run() {
  allow_files(flags_.watches, flags_.observe.cluster.embedded);
  resident_before_ = measure::read_process().resident_bytes;
  return report(flags_.watches == 1 ? run_single() : run_many());
}

}  // namespace

void WatchFlags::declare(CLI::App& app) {
  base::add_value(app, "--namespace", namespace_name, "namespace to watch; empty for all");
  base::add_value(app, "--watches", watches,
                  "watches, each on its own connection; more than one are held against each other, and their "
                  "events are counted instead of told");
  base::add_value(app, "--shards", shards, "threads that the watches are spread over");
  observe.declare(app);
  app.footer(watch_exit_codes);
}

void WatchFlags::check() const {
  observe.check();
  check_range("--watches", watches, 1, most_watches);
  check_range("--shards", shards, 1, most_shards);
}

int run_watcher(const WatcherKind& kind, const Invocation& invocation) {
  WatchFlags flags;
  flags.observe.resource = kind.resource;
  flags.observe.unnamed = kind.resource.empty() ? Unnamed::flunders : Unnamed::refused;
  CLI::App app(kind.summary, "k8scale " + kind.subcommand);
  flags.declare(app);
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.observe.verbosity);
  flags.check();
  return WatchRun(flags, kind).run();
}

}  // namespace k8scale::subcommands
