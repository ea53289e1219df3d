#include "k8scale/load/run.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "k8scale/base/log.h"

namespace k8scale::load {
namespace {

using Clock = std::chrono::steady_clock;

// Time for every shard to be ready before the schedule begins.
constexpr auto head_start = std::chrono::milliseconds(20);
constexpr auto snapshot_period = std::chrono::milliseconds(250);

class Run {
 public:
  Run(std::vector<ShardWork>& work, const RunOptions& options, base::StopSignals& signals)
      : work_(work),
        options_(options),
        signals_(signals),
        running_(work.size()),
        driving_(work.size()),
        progress_(options.progress) {}

  RunResult run();

 private:
  void start();
  net::Task<void> run_one(std::size_t index);
  void handle_signal(int signal);
  void take_snapshot();
  void show();
  [[nodiscard]] measure::Pace pace() const;
  void finish();

  std::vector<ShardWork>& work_;
  const RunOptions& options_;
  base::StopSignals& signals_;
  std::atomic<std::size_t> running_;
  std::atomic<std::size_t> driving_;  // of these, those that do not clean up yet
  measure::Progress progress_;
  base::SteadyTime start_;
  base::SteadyTime give_up_ = base::SteadyTime::max();
  std::vector<measure::Snapshot> snapshots_;
  // What each shard's work came to without its clean-up; the shard's, until it has stopped.
  struct Driven {
    base::SteadyTime end;
    measure::Snapshot totals;
  };
  std::vector<std::optional<Driven>> driven_;
  RunResult result_;
};

net::Task<void> Run::run_one(std::size_t index) {
  const ShardWork& work = work_[index];
  co_await work.run(start_);
  driven_[index].emplace(Driven{Clock::now(), work.recorder.snapshot()});
  --driving_;
  if (work.clean_up) co_await work.clean_up();
  if (--running_ == 0) signals_.wake();
}

void Run::start() {
  const base::WallTime wall_now = std::chrono::system_clock::now();
  result_.started = std::max(options_.start_at.value_or(wall_now), wall_now + head_start);
  start_ = Clock::now() + (result_.started - wall_now);
  result_.start = start_;
  snapshots_.resize(work_.size());
  driven_.resize(work_.size());
  for (std::size_t i = 0; i < work_.size(); ++i) work_[i].shard.spawn(run_one(i));
}

void Run::handle_signal(int signal) {
  if (result_.signal) {
    progress_.finish();
    const std::string& how = options_.how_to_clean_up;
    base::log_warning(
        "a second signal: ending at once" +
        (how.empty() ? "" : "; objects of this run may be left on the server; to delete them: " + how));
    if (options_.before_exit) options_.before_exit();
    ::_exit(128 + signal);
  }
  result_.signal = signal;
  give_up_ = Clock::now() + options_.grace;
  progress_.finish();
  base::log_info(std::string(base::signal_name(signal)) + ": no new objects; " +
                 (options_.keeps_objects
                      ? "those that exist stay"
                      : "deleting those that exist, for up to " + base::format_duration(options_.grace)));
  for (ShardWork& each : work_) each.shard.post(each.stop);
}

void Run::take_snapshot() {
  std::vector<std::future<void>> copied;
  for (std::size_t i = 0; i < work_.size(); ++i) {
    auto done = std::make_shared<std::promise<void>>();
    copied.push_back(done->get_future());
    work_[i].shard.post([this, i, done] {
      snapshots_[i] = work_[i].recorder.snapshot();
      done->set_value();
    });
  }
  for (std::future<void>& each : copied) each.wait();
  result_.totals = snapshots_.front();
  for (std::size_t i = 1; i < snapshots_.size(); ++i) result_.totals.merge(snapshots_[i]);
}

measure::Pace Run::pace() const {
  measure::Pace pace;
  pace.done = result_.totals.done();
  pace.asked = result_.totals.asked();
  pace.asked_rate = options_.asked_rate;
  const measure::ScheduleTotals schedule = result_.totals.of_schedule(options_.paced);
  const bool all_ended = schedule.done == schedule.asked && result_.totals.undrawn == 0;
  const bool is_over = all_ended || result_.signal || driving_ == 0;
  const base::SteadyTime end = is_over && schedule.done > 0 ? schedule.ended.last : Clock::now();
  const double took = base::to_seconds(end - start_);
  if (took > 0) pace.achieved_rate = static_cast<double>(schedule.ok) / took;
  return pace;
}

void Run::show() {
  take_snapshot();
  const measure::Pace now = pace();
  if (options_.publish) options_.publish(result_.totals, now);
  const base::Nanoseconds elapsed = Clock::now() - start_;
  const auto next = progress_.next();
  if (next && elapsed >= *next) progress_.show(elapsed, now, result_.totals);
}

void Run::finish() {
  // A signal may come before the schedule begins.
  result_.duration = std::max(Clock::now() - start_, Clock::duration::zero());
  result_.ended = std::max(std::chrono::system_clock::now(), result_.started);
  result_.gave_up = running_ > 0;
  for (std::size_t i = 0; i < work_.size(); ++i) {
    ShardWork& each = work_[i];
    each.shard.stop();
    const bool drives = each.role == ShardRole::drives;
    (drives ? result_.shard_cpu : result_.watch_cpu) += each.shard.cpu_time();
    if (!drives) continue;
    std::optional<Driven>& known = driven_[i];
    const Driven& driven =
        known ? *known : known.emplace(Driven{start_ + result_.duration, each.recorder.snapshot()});
    result_.driven = std::max(result_.driven, driven.end - start_);
    result_.driven_operations += driven.totals.done();
    result_.driven_totals.merge(driven.totals);
  }
  result_.totals = work_.front().recorder.snapshot();
  for (std::size_t i = 1; i < work_.size(); ++i) result_.totals.merge(work_[i].recorder.snapshot());
  if (options_.publish) options_.publish(result_.totals, pace());
  progress_.finish();
}

RunResult Run::run() {
  start();
  // One that came before counts even where the work ends at once.
  if (const std::optional<int> early = signals_.wait_until(Clock::now())) handle_signal(*early);
  base::SteadyTime next = start_ + snapshot_period;
  while (running_ > 0 && Clock::now() < give_up_) {
    const std::optional<int> signal = signals_.wait_until(std::min(next, give_up_));
    if (signal) handle_signal(*signal);
    if (Clock::now() < next) continue;
    show();
    next = std::max(next + snapshot_period, Clock::now());
  }
  finish();
  return std::move(result_);
}

}  // namespace

RunResult run_shards(std::vector<ShardWork>& work, const RunOptions& options, base::StopSignals& signals) {
  return Run(work, options, signals).run();
}

int exit_code_of(const RunResult& result) { return result.signal ? 128 + *result.signal : 0; }

}  // namespace k8scale::load
