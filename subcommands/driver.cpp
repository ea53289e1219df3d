#include "driver.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iostream>
#include <utility>

#include "cleanup_command.h"
#include "debug_from.h"
#include "driver_namespace.h"
#include "exit_codes.h"
#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "k8scale/measure/metrics.h"

namespace k8scale::subcommands {
namespace {

constexpr const char* default_metric_port = "9376";
constexpr base::Nanoseconds longest_side_call = std::chrono::seconds(5);
// Many handshakes at once take their time, also where answers come fast.
constexpr base::Nanoseconds shortest_connect_timeout = std::chrono::seconds(1);

// Before anything was written.
void end_at_once(int signal) {
  base::log_info(fmt::format("{}: ended before the run began", base::signal_name(signal)));
  ::_exit(128 + signal);
}

std::string first_of(const std::string& server_list) {
  return std::string(base::trim(base::split(server_list, ',').front()));
}

}  // namespace

const std::string_view driver_exit_codes =
    "Exit codes: 0 the run came to its end, whatever the server answered; 1 a flag; 5 -datafile; 10, 11 the\n"
    "parameter file; 12 rows or the summary could not be written; 17 names over 253 characters; 20 the\n"
    "configuration, its credentials, or the server behind it; 24 the parts did not come together;\n"
    "130 SIGINT; 143 SIGTERM.";
const std::string_view endpoints_exit_text = "\n22: the endpoints cannot be read.";

Driver::Driver(std::string subcommand, const DriverFlags& flags, DriverSettings settings)
    : subcommand_(std::move(subcommand)),
      flags_(flags),
      settings_(std::move(settings)),
      metrics_(flags.metric_port.empty() ? default_metric_port : flags.metric_port, flags.metric_port.empty(),
               askers_of(flags.debug_from),
               [this] {
                 return shown_.look([](const Shown& shown) {
                   return measure::metrics_text(shown.snapshot, shown.pace, measure::read_process(),
                                                shown.servers);
                 });
               }),
      cluster_(open_cluster(flags.cluster, first_of(flags.server_list))),
      credentials_(kube::Credentials::load(cluster_.configuration)) {
  client_options_.user_agent = "scaletest driver";
  client_options_.retries = flags.retries;
  client_options_.request_timeout = flags.request_timeout;
  client_options_.connect_timeout =
      std::clamp(flags.request_timeout, shortest_connect_timeout, client_options_.connect_timeout);
  client_options_.most_connections = flags.connections;
}

void Driver::connect() {
  start_guard_.emplace(signals_, [this](int signal) { handle_start_signal(signal); });
  start_shard_ = std::make_unique<net::Shard>("start");
  stop_start_shard_first_.emplace(*start_shard_);
  if (!flags_.server_list.empty()) use_listed_servers();
  start_client_ =
      std::make_unique<kube::Client>(*start_shard_, cluster_.configuration, credentials_, client_options_);
  side_client_ = make_side_client(cluster_.configuration);
  server_version_ = kube::server_version(*start_shard_, *start_client_);
}

std::unique_ptr<kube::Client> Driver::make_side_client(const kube::Configuration& server) {
  kube::ClientOptions options = client_options_;
  options.retries = 0;
  options.connect_timeout = std::min(options.connect_timeout, longest_side_call);
  options.request_timeout = std::min(options.request_timeout, longest_side_call);
  return std::make_unique<kube::Client>(*start_shard_, server, credentials_, options);
}

// On another thread. Namespaces that were made are deleted before the end.
void Driver::handle_start_signal(int signal) {
  const bool waits = makes_namespaces_ && start_signal_.exchange(signal) == 0;
  if (!waits) end_at_once(signal);
}

// Empty when the server ends with this process.
std::string Driver::how_to_clean_up(const DriverPlan& plan) const {
  if (cluster_.embedded) return {};
  ClusterFlags cluster = flags_.cluster;
  const kube::Configuration& used = cluster_.configuration;
  if (!flags_.server_list.empty()) cluster.server = used.server.url() + used.path_prefix;
  return cleanup_command(settings_.run_id, plan.family->collections.front().resource(), cluster);
}

void Driver::open_files(const DriverPlan& plan) {
  log_ = std::make_unique<measure::OperationLog>(settings_.data_file, data_file_exit_code);
  made_files_.push_back(settings_.data_file);
  if (flags_.observe > 0) {
    seen_log_ = std::make_unique<measure::SeenLog>(settings_.seen_file);
    made_files_.push_back(settings_.seen_file);
  }
  load::write_parameter_file(settings_.parameter_file, plan.parameters(servers_));
  made_files_.push_back(settings_.parameter_file);
}

// Watches what this process is going to write.
void Driver::observe(const DriverPlan& plan) {
  if (flags_.observe == 0) return;
  auto owns_number = plan.owns;
  if (!owns_number) {
    owns_number = [ours = load::lane_of(settings_.part, 0, 1)](std::uint64_t number) {
      return ours.takes(number);
    };
  }
  const auto owns = [family = plan.family, owns_number](std::string_view place, std::string_view name) {
    const std::uint64_t number = family->names.number(name);
    return number > 0 && owns_number(number) && family->namespace_of(number) == place;
  };
  const bool one_namespace = plan.family->namespaces.size() == 1;
  const kube::Collection watched(plan.family->collections.front().resource(),
                                 one_namespace ? plan.family->namespaces.front() : "");
  load::WriteObserver::Options options{flags_.observe, watched, std::string(label_selector), owns};
  options.seed = settings_.seed;
  options.grace = flags_.grace;
  observer_ = std::make_unique<load::WriteObserver>(cluster_.configuration, credentials_, client_options_,
                                                    std::move(options), *seen_log_);
}

void Driver::make_shards(const DriverPlan& plan) {
  DriverShard::Parameters parameters;
  parameters.servers = {servers_, credentials_, client_options_, settings_.balance};
  parameters.servers.client.encoding = plan.family->text.shape().encoding;
  if (plan.workers > 0) parameters.servers.client.enough_when_busy = client_options_.most_connections;
  parameters.family = plan.family;
  parameters.make_loop = plan.make_loop;
  parameters.seed = settings_.seed;
  parameters.clean_up_time = flags_.grace;
  parameters.paced = plan.asked_rate.has_value();
  for (std::uint64_t i = 0; i < flags_.shards; ++i) {
    parameters.lane = load::lane_of(settings_.part, i, flags_.shards);
    shards_.push_back(std::make_unique<DriverShard>(static_cast<int>(i), parameters, *log_, observer_.get()));
  }
}

// So that few requests wait for a handshake.
void Driver::prepare(const DriverPlan& plan) {
  make_gate(plan);
  {
    const base::WatchedSignals watched(signals_, [&](int signal) {
      if (start_signal_.exchange(signal) != 0) {
        unlink_files();
        if (const std::string how = how_to_clean_up(plan); !how.empty()) {
          base::log_warning("objects of this run may be left on the server; to delete them: " + how);
        }
        end_at_once(signal);
      }
      base::log_info(fmt::format("{}: the run does not begin", base::signal_name(signal)));
      for (const auto& shard : shards_) shard->stop_soon();
      if (gate_) gate_->stop();
    });
    if (observer_) observer_->start();
    prepare_shards(plan);
    if (gate_) hold_back(plan);
  }
  if (start_signal_ != 0) signals_.put_back(start_signal_);  // for the run, which then ends as it begins
}

load::RunResult Driver::drive(const DriverPlan& plan) {
  std::vector<load::ShardWork> work;
  work.reserve(shards_.size() + 1);
  for (const auto& each : shards_) work.push_back(each->work());
  if (observer_) work.push_back(observer_->work());
  load::RunOptions options;
  options.progress = settings_.progress;
  options.grace = flags_.grace;
  options.asked_rate = asked_rate_of_part(plan);
  options.paced = plan.paced;
  options.keeps_objects = plan.keeps_objects;
  options.how_to_clean_up = how_to_clean_up(plan);
  if (gate_ && start_signal_ == 0) options.start_at = gate_->start();
  options.publish = [this](const measure::Snapshot& snapshot, const measure::Pace& pace) {
    shown_.update([&](Shown& shown) {
      shown.snapshot = snapshot;
      shown.pace = pace;
      shown.servers = server_urls();
    });
  };
  options.before_exit = [this] {
    log_->flush(std::chrono::seconds(1));
    if (seen_log_) seen_log_->flush(std::chrono::seconds(1));
  };
  return load::run_shards(work, options, signals_);
}

// For a last look at the metrics.
void Driver::wait_before_end() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(flags_.wait_before_terminate);
  while (std::chrono::steady_clock::now() < end) {
    if (signals_.wait_until(end)) return;
  }
}

// Whatever keeps the run from beginning leaves nothing behind.
void Driver::start(const DriverPlan& plan) {
  try {
    make_namespaces(plan, *start_client_, namespace_check());
    if (start_signal_ == 0) {
      check_storing(plan);
      choose_servers(plan);
      make_namespaces_on_others(plan);
    }
    start_guard_.reset();
    if (start_signal_ != 0) {
      remove_namespaces();
      end_at_once(start_signal_);
    }
    open_files(plan);
    observe(plan);
    make_shards(plan);
    prepare(plan);
  } catch (...) {
    remove_what_was_prepared(plan);
    remove_files();
    remove_namespaces();
    throw;
  }
}

void Driver::remove_files() {
  log_.reset();
  seen_log_.reset();
  unlink_files();
}

void Driver::unlink_files() const {
  std::error_code ignored;
  for (const auto& file : made_files_) {
    if (std::filesystem::is_regular_file(file, ignored)) std::filesystem::remove(file, ignored);
  }
}

int Driver::run(const DriverPlan& plan) {
  start(plan);
  const load::RunResult result = drive(plan);
  if (plan.closing) plan.closing(result);
  const int exit_code = report_and_leave(plan, result);
  if (!result.signal && !late_signal_) wait_before_end();
  return exit_code;
}

}  // namespace k8scale::subcommands
