#include <fmt/format.h>

#include <atomic>
#include <cstdio>
#include <iostream>
#include <optional>

#include "exit_codes.h"
#include "httperf_flags.h"
#include "httperf_stats.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/base/random.h"
#include "k8scale/base/stop_signals.h"
#include "k8scale/blocks/report.h"
#include "subcommands.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

using Clock = std::chrono::steady_clock;

// Whoever only serves has all the time in the world.
constexpr base::Nanoseconds forever = std::chrono::hours(24 * 365 * 100);

class HttperfRun {
 public:
  explicit HttperfRun(const HttperfFlags& flags) : flags_(flags) {}

  int run();

 private:
  void serve();
  void ask(const blocks::ClientOptions& options);
  // The statistics before the measurement are `before`.
  [[nodiscard]] base::Result<blocks::ServerSide> server_side(const nlohmann::ordered_json& before,
                                                             ServerStats& stats);
  void announce() const;
  enum class Intervals { told, untold };
  // Until `end`, a signal, or the last request.
  void wait_until(base::SteadyTime end, Intervals intervals);
  void begin_measurement();
  [[nodiscard]] nlohmann::ordered_json read(ServerStats& stats);
  [[nodiscard]] base::SteadyTime end_of(base::Nanoseconds duration) const;
  [[nodiscard]] bool over() const { return signal_.has_value() || asked_all_; }
  [[nodiscard]] blocks::Totals totals() const;
  [[nodiscard]] blocks::Totals totals_with(const blocks::ClientFigures& figures) const;
  void tell_interval(const blocks::Totals& now);
  [[nodiscard]] blocks::RunFacts facts() const;
  template <class Report>
  [[nodiscard]] bool print(const Report& report) const;
  [[nodiscard]] int exit_code() const;

  const HttperfFlags& flags_;
  base::StopSignals signals_;
  std::shared_ptr<net::KeyLog> keys_;
  std::unique_ptr<blocks::Server> server_;
  std::unique_ptr<blocks::Client> client_;
  std::atomic<bool> asked_all_ = false;
  std::optional<int> signal_;
  bool measured_ = true;  // false: the signal came before
  std::string asked_url_;
  base::WallTime started_;
  base::SteadyTime start_;
  base::SteadyTime next_interval_;
  blocks::Totals last_totals_;
  bool failed_ = false;
  bool shown_ = false;
};

void HttperfRun::serve() {
  auto server = blocks::Server::bind(flags_.server_options());
  if (server.has_error()) throw base::Error("-listen: " + server.error().detail());
  server_ = std::move(*server);
  keys_ = flags_.open_key_log(server_->port());
  server_->start(flags_.tls_server(keys_));
}

// On stdout, where programs that started this one look for the port; results in JSON have it for themselves.
void HttperfRun::announce() const {
  const bool json = flags_.json || flags_.json_stream;
  fmt::print(json ? stderr : stdout, "k8scale httperf listens on {}\n", flags_.url_on(server_->port()));
  std::fflush(stdout);
}

blocks::Totals HttperfRun::totals() const {
  return totals_with(client_ ? client_->figures() : blocks::ClientFigures());
}

blocks::Totals HttperfRun::totals_with(const blocks::ClientFigures& figures) const {
  blocks::Totals totals;
  totals.when = Clock::now();
  totals.server_bytes = server_->figures().bytes;
  totals.client_bytes = figures.bytes;
  totals.requests = figures.requests;
  totals.failures = figures.failures;
  return totals;
}

void HttperfRun::tell_interval(const blocks::Totals& now) {
  base::log_verbose(2, blocks::interval_text(last_totals_, now));
  if (flags_.json_stream) {
    const nlohmann::ordered_json line = {{"interval", blocks::interval_json(start_, last_totals_, now)}};
    std::cout << line.dump() << std::endl;
  }
  last_totals_ = now;
}

void HttperfRun::wait_until(base::SteadyTime end, Intervals intervals) {
  while (!over() && Clock::now() < end) {
    const bool told = intervals == Intervals::told;
    signal_ = signals_.wait_until(told ? std::min(end, next_interval_) : end);
    if (!told || Clock::now() < next_interval_) continue;
    tell_interval(totals());
    next_interval_ += flags_.log_period;
  }
}

// What the client counts begins with zero now.
void HttperfRun::begin_measurement() {
  started_ = std::chrono::system_clock::now();
  start_ = Clock::now();
  next_interval_ = start_ + flags_.log_period;
  last_totals_ = blocks::Totals();
  last_totals_.when = start_;
  last_totals_.server_bytes = server_->figures().bytes;
}

nlohmann::ordered_json HttperfRun::read(ServerStats& stats) {
  ServerStats::Answer answer = stats.read();
  if (answer.signal) signal_ = answer.signal;
  return std::move(answer.figures);
}

blocks::RunFacts HttperfRun::facts() const {
  blocks::RunFacts facts;
  facts.version = K8SCALE_VERSION;
  facts.server = asked_url_;
  facts.parameters = flags_.parameters();
  facts.started = started_;
  facts.duration = last_totals_.when - start_;
  if (signal_) facts.interrupted = base::signal_name(*signal_);
  facts.measured = measured_;
  return facts;
}

// Whether it could be written: an interval before it may have been lost as well.
template <class Report>
bool HttperfRun::print(const Report& report) const {
  if (flags_.json_stream) {
    const nlohmann::ordered_json line = {{"end", to_json(report)}};
    std::cout << line.dump() << std::endl;
  } else if (flags_.json) {
    std::cout << to_json(report).dump(2) << std::endl;
  } else {
    print_text(std::cout, report);
    std::cout.flush();
  }
  if (!std::cout) base::log_error("the result cannot be written to standard output");
  return static_cast<bool>(std::cout);
}

void HttperfRun::ask(const blocks::ClientOptions& options) {
  asked_url_ = options.server.url() + options.path_prefix;
  ServerStats stats(options, flags_.tls_client(keys_), signals_);
  client_ = std::make_unique<blocks::Client>(options);
  nlohmann::ordered_json before = read(stats);
  const auto asked_all = [this] {
    asked_all_ = true;
    signals_.wake();
  };
  blocks::ClientReport report;
  if (flags_.warmup > base::Nanoseconds(0)) {
    client_->warm_up(asked_all);
    wait_until(Clock::now() + flags_.warmup, Intervals::untold);
    if (!signal_) before = read(stats);
    measured_ = !signal_;
    report.warmup_failures = client_->figures().failures;
    client_->start_measuring();
    begin_measurement();
  } else {
    begin_measurement();
    client_->start(asked_all);
  }
  wait_until(end_of(flags_.duration), Intervals::told);
  report.figures = client_->figures();
  tell_interval(totals_with(report.figures));
  report.facts = facts();
  client_->stop();  // first: a server that sends as fast as it can is slow to tell of itself
  report.server = server_side(before, stats);
  failed_ = report.figures.failures + report.warmup_failures > 0;
  if (!signal_ && report.figures.bytes == 0 && !failed_) {
    base::log_error("no answer came from " + asked_url_);
    failed_ = true;
  }
  shown_ = print(report);
}

base::Result<blocks::ServerSide> HttperfRun::server_side(const nlohmann::ordered_json& before,
                                                         ServerStats& stats) {
  if (!measured_) return base::Failure(base::FailureKind::protocol, "no figures, as nothing was measured");
  return blocks::server_side(before, read(stats));
}

base::SteadyTime HttperfRun::end_of(base::Nanoseconds duration) const {
  return start_ + (duration > base::Nanoseconds(0) ? duration : forever);
}

int HttperfRun::run() {
  serve();
  std::optional<blocks::ClientOptions> asked;  // its files are read before anything is told
  if (flags_.asks()) asked = flags_.client_options(keys_);
  announce();
  if (asked) {
    ask(*asked);
  } else {
    begin_measurement();
    wait_until(end_of(flags_.duration), Intervals::told);
    tell_interval(totals());
    shown_ = print(blocks::ServerReport{facts(), server_->figures()});
  }
  return exit_code();
}

int HttperfRun::exit_code() const {
  if (signal_) return 128 + *signal_;
  if (failed_) return 1;
  return shown_ ? 0 : output_lost_exit_code;
}

}  // namespace

int httperf(const Invocation& invocation) {
  HttperfFlags flags;
  CLI::App app("Serves blocks of bytes over HTTP, in TLS, and with -base-url asks a server for them.",
               "k8scale httperf");
  flags.declare(app);
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.verbosity);
  flags.check(app);
  if (flags.seed == 0) flags.seed = base::seed_at(std::chrono::system_clock::now());
  return HttperfRun(flags).run();
}

}  // namespace k8scale::subcommands
