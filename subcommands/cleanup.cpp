#include "k8scale/load/cleanup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <future>
#include <iostream>
#include <memory>

#include "cleanup_flags.h"
#include "cleanup_namespaces.h"
#include "cleanup_report.h"
#include "cleanup_resources.h"
#include "driver_namespace.h"
#include "exit_codes.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/base/stop_signals.h"
#include "k8scale/base/text.h"
#include "k8scale/load/run_object.h"
#include "k8scale/measure/progress.h"
#include "k8scale/measure/report.h"
#include "observe_run.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int left_exit_code = 3;
constexpr std::string_view cleanup_exit_codes =
    "Exit codes: 0 nothing is left of these kinds, or with --dry-run all was listed; 1 a flag; 3 something "
    "is\n"
    "left, or could not be listed; 12 --json cannot be written; 17 names of that run are over 253 characters "
    "long;\n"
    "20 the configuration, its credentials, or the server behind it; 130 SIGINT; 143 SIGTERM.";
constexpr int most_late_looks = 10;
constexpr auto progress_period = std::chrono::milliseconds(250);

kube::ClientOptions client_options(std::uint64_t connections) {
  kube::ClientOptions options;
  options.user_agent = "k8scale cleanup";
  options.most_connections = connections;
  options.enough_when_busy = connections;
  return options;
}

// One clean-up and what it needs.
class CleanupRun {
 public:
  CleanupRun(const CleanupFlags& flags, measure::ProgressStyle progress);
  int run();

 private:
  void prepare();
  void add_start_barriers();
  [[nodiscard]] std::unique_ptr<load::Cleanup> make_cleanup(kube::Collection collection);
  [[nodiscard]] net::Task<void> clean_current();
  enum class Again { yes, no };
  [[nodiscard]] net::Task<void> clean_all(Again again);
  [[nodiscard]] net::Task<void> clean_what_comes_late();
  [[nodiscard]] net::Task<void> clean(std::promise<void>& ended);
  [[nodiscard]] std::uint64_t found() const;
  void wait_for_end(std::future<void>& done);
  void stop(int signal);
  void show_progress();
  [[nodiscard]] CleanupReport report() const;
  [[nodiscard]] int tell(const CleanupReport& report) const;

  const CleanupFlags& flags_;
  base::StopSignals signals_;
  measure::Progress progress_;
  Cluster cluster_;
  std::shared_ptr<kube::Credentials> credentials_;
  net::Shard shard_{"cleanup"};
  kube::Client client_;
  std::string server_version_;
  std::vector<CleanedResource> unknown_;  // what cannot even be asked for
  // The shard's, while it runs:
  std::vector<std::unique_ptr<load::Cleanup>> cleanups_;  // of each kind, in each place
  const load::Cleanup* barriers_ = nullptr;               // one of them
  std::size_t current_ = 0;
  load::CleanupResult namespaces_;  // that runs made
  net::Signal stopped_{shard_};
  base::SteadyTime start_;
  base::WallTime started_;
  base::SteadyTime give_up_ = base::SteadyTime::max();
  std::optional<int> signal_;
  net::StopFirst stop_first_{shard_};
};

CleanupRun::CleanupRun(const CleanupFlags& flags, measure::ProgressStyle progress)
    : flags_(flags),
      progress_(progress),
      cluster_(open_cluster(flags.cluster)),
      credentials_(kube::Credentials::load(cluster_.configuration)),
      client_(shard_, cluster_.configuration, credentials_, client_options(flags.concurrency)) {}

void CleanupRun::prepare() {
  server_version_ = kube::server_version(shard_, client_);
  CleanupResources resources = find_cleanup_resources(shard_, client_, flags_.resources);
  unknown_ = std::move(resources.unknown);
  for (const kube::Resource& each : resources.served) {
    for (const std::string& place : base::split(flags_.namespaces, ',')) {
      cleanups_.push_back(make_cleanup({each, place}));
    }
  }
  add_start_barriers();
}

std::unique_ptr<load::Cleanup> CleanupRun::make_cleanup(kube::Collection collection) {
  load::Cleanup::Options options;
  options.run_id = flags_.run_id;
  options.label_selector = label_selector;
  options.concurrency = flags_.concurrency;
  return std::make_unique<load::Cleanup>(shard_, client_, std::move(collection), options);
}

net::Task<void> CleanupRun::clean_current() {
  load::Cleanup& cleanup = *cleanups_[current_];
  if (flags_.dry_run) {
    co_await cleanup.look();
  } else {
    co_await cleanup.remove();
  }
}

// Where the parts of runs meet. Their summaries stay: they are what a run was for.
void CleanupRun::add_start_barriers() {
  const std::vector<std::string> places = base::split(flags_.namespaces, ',');
  const bool looks_there =
      flags_.namespaces.empty() || std::find(places.begin(), places.end(), namespace_name) != places.end();
  if (!looks_there || !load::can_be_label(flags_.run_id)) return;
  load::Cleanup::Options options;
  options.named = load::Cleanup::Named::anything;
  options.label_selector = load::run_object_selector(flags_.run_id, load::Holds::start);
  options.concurrency = flags_.concurrency;
  const kube::Collection collection(kube::config_maps(), namespace_name);
  cleanups_.push_back(std::make_unique<load::Cleanup>(shard_, client_, collection, options));
  barriers_ = cleanups_.back().get();
}

net::Task<void> CleanupRun::clean_all(Again again) {
  for (current_ = 0; current_ < cleanups_.size(); ++current_) {
    const bool has_failed = again == Again::yes && !cleanups_[current_]->result().doubt.empty();
    if (has_failed) continue;
    co_await clean_current();
    const load::CleanupResult result = cleanups_[current_]->result();
    const bool is_one_place = !flags_.namespaces.empty() || cleanups_[current_].get() == barriers_;
    if (again == Again::yes || !result.may_not_list || result.found > 0 || is_one_place) continue;
    base::log_warning(fmt::format("all namespaces: {}; looking in {} alone, --namespace names others",
                                  result.doubt, namespace_name));
    cleanups_[current_] = make_cleanup({cleanups_[current_]->collection().resource(), namespace_name});
    if (stopped_.raised()) cleanups_[current_]->stop();
    co_await clean_current();
  }
}

std::uint64_t CleanupRun::found() const {
  std::uint64_t found = 0;
  for (const auto& each : cleanups_) found += each->result().found;
  return found;
}

// What the server still had to do for a driver that was killed.
net::Task<void> CleanupRun::clean_what_comes_late() {
  if (flags_.dry_run || flags_.settle == base::Nanoseconds(0)) co_return;
  for (int look = 0; look < most_late_looks; ++look) {
    const std::uint64_t before = found();
    const bool stopped = co_await stopped_.wait_until(Clock::now() + flags_.settle);
    if (stopped) co_return;
    co_await clean_all(Again::yes);
    if (found() == before) co_return;
  }
}

net::Task<void> CleanupRun::clean(std::promise<void>& ended) {
  co_await clean_all(Again::no);
  co_await clean_what_comes_late();
  NamespacesToClean made;
  made.run_id = flags_.run_id;
  if (!flags_.namespaces.empty()) made.among = base::split(flags_.namespaces, ',');
  made.dry_run = flags_.dry_run;
  made.stopped = [this] { return stopped_.raised(); };
  co_await clean_namespaces(client_, made, namespaces_);
  ended.set_value();
  signals_.wake();
}

void CleanupRun::stop(int signal) {
  progress_.finish();
  if (signal_) {
    base::log_warning("a second signal: ending at once");
    ::_exit(128 + signal);
  }
  signal_ = signal;
  give_up_ = Clock::now() + flags_.grace;
  base::log_info(fmt::format("{}: no more deletes; listing what is left, for up to {}",
                             base::signal_name(signal), base::format_duration(flags_.grace)));
  shard_.post([this] {
    client_.stop_retrying();
    stopped_.raise();
    for (const auto& each : cleanups_) each->stop();
  });
}

void CleanupRun::show_progress() {
  const base::Nanoseconds elapsed = Clock::now() - start_;
  const auto next = progress_.next();
  if (!next || elapsed < *next) return;
  const std::string text = ask(shard_, [this] {
    if (current_ == cleanups_.size()) return std::string("all deleted that was there");
    const load::CleanupProgress now = cleanups_[current_]->progress();
    const std::string& resource = cleanups_[current_]->collection().qualified();
    if (now.listing) return fmt::format("{}: {} listed  errors {}", resource, now.listed, now.errors);
    return fmt::format("{}: {}/{} deleted  errors {}", resource, now.deleted, now.listed, now.errors);
  });
  progress_.show(elapsed, fmt::format("{:.1f}s  {}", base::to_seconds(elapsed), text));
}

void CleanupRun::wait_for_end(std::future<void>& done) {
  while (done.wait_for(std::chrono::seconds(0)) != std::future_status::ready && Clock::now() < give_up_) {
    const auto signal = signals_.wait_until(std::min(Clock::now() + progress_period, give_up_));
    if (signal) stop(*signal);
    show_progress();
  }
  progress_.finish();
}

CleanupReport CleanupRun::report() const {
  CleanupReport report;
  report.server = client_.server();
  report.server_version = server_version_;
  report.run_id = flags_.run_id;
  report.namespaces = flags_.namespaces;
  report.dry_run = flags_.dry_run;
  report.started = started_;
  report.ended = std::chrono::system_clock::now();
  report.duration = Clock::now() - start_;
  if (signal_) report.interrupted = base::signal_name(*signal_);
  for (const auto& each : cleanups_) {
    CleanedResource found{each->collection().qualified(), each->result()};
    const bool is_barriers = each.get() == barriers_;
    if (is_barriers && found.result.found == 0 && found.result.doubt.empty()) continue;
    if (is_barriers) found.resource += " of starts";
    if (report.resources.empty() || report.resources.back().resource != found.resource) {
      report.resources.push_back(std::move(found));
    } else {
      report.resources.back().result.merge(std::move(found.result));
    }
  }
  if (namespaces_.found > 0 || !namespaces_.doubt.empty()) {
    report.resources.push_back({"namespaces", namespaces_});
  }
  report.resources.insert(report.resources.end(), unknown_.begin(), unknown_.end());
  return report;
}

int CleanupRun::tell(const CleanupReport& report) const {
  for (const auto& [resource, result] : report.resources) {
    if (result.first_removed.empty()) continue;
    const std::uint64_t more = result.removed() - std::min(result.removed(), result.first_removed.size());
    base::log_verbose(1, fmt::format("removed of {}: {}{}", resource, fmt::join(result.first_removed, ", "),
                                     more > 0 ? fmt::format(", and {} more", more) : ""));
  }
  print_text(std::cout, report);
  std::cout.flush();
  bool written = true;
  if (!flags_.json.empty()) {
    const base::Result<void> outcome = measure::write_json(flags_.json, to_json(report));
    written = outcome.has_value();
    if (!written) base::log_error("--json: cannot write " + outcome.error().detail());
  }
  if (signal_) return 128 + *signal_;
  const bool something_left = !flags_.dry_run && report.left() > 0;
  if (something_left || !report.is_certain()) return left_exit_code;
  return written ? 0 : output_lost_exit_code;
}

int CleanupRun::run() {
  prepare();
  start_ = Clock::now();
  started_ = std::chrono::system_clock::now();
  std::promise<void> ended;
  std::future<void> done = ended.get_future();
  shard_.spawn(clean(ended));
  wait_for_end(done);
  shard_.stop();
  return tell(report());
}

}  // namespace

int cleanup(const Invocation& invocation) {
  CleanupFlags flags;
  CLI::App app("Removes what drivers that crashed left.", "k8scale cleanup");
  flags.declare(app);
  app.footer(std::string(cleanup_exit_codes));
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.verbosity);
  const measure::ProgressStyle progress = flags.check();
  return CleanupRun(flags, progress).run();
}

}  // namespace k8scale::subcommands
