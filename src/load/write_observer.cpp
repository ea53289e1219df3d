#include "k8scale/load/write_observer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/base/random.h"
#include "k8scale/kube/reflector.h"
#include "k8scale/kube/resource_version.h"
#include "k8scale/load/write_join.h"
#include "k8scale/measure/watch_audit.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto start_time = std::chrono::seconds(10);
constexpr auto poll_time = std::chrono::milliseconds(5);
// Less than the last look, so that a watch which fails now and then is not taken for one that misses events.
constexpr auto longest_watch_pause = std::chrono::seconds(1);
// Of the grace time: what the end of the run takes after the observer's.
constexpr auto reserve = std::chrono::milliseconds(200);

using Errors = decltype(kube::ReflectorCounters::errors);

// "3 Expired, 1 reset": those that came after `before`.
std::string text_of(const Errors& errors, const Errors& before = {}) {
  std::string text;
  for (const auto& [reason, times] : errors) {
    const auto found = before.find(reason);
    const std::uint64_t more = times - (found == before.end() ? 0 : found->second);
    if (more > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", more, reason);
  }
  return text;
}

// One watch, and what it shows.
class Watcher : public kube::ReflectorSink {
 public:
  Watcher(net::Shard& shard, std::unique_ptr<kube::Client> client, std::size_t index,
          const WriteObserver::Options& options, WriteJoin& join, measure::Recorder& recorder)
      : client_(std::move(client)),
        index_(index),
        join_(join),
        recorder_(recorder),
        owns_(options.owns),
        reflector_(shard, *client_, options.collection, reflector_options(options), *this,
                   base::Random(options.seed, fmt::format("watcher {}", index))) {}

  void list_begun() override { join_.list_begun(index_); }
  void listed(const kube::ObjectView& object, base::SteadyTime received) override {
    if (!owns_(object.namespace_name, object.name)) return;
    join_.listed(index_, object.name, kube::version_number(object.resource_version), received);
  }
  void list_ended(std::string_view resource_version) override {
    join_.list_ended(index_, kube::version_number(resource_version));
    if (!std::exchange(listed_, true)) return;
    ++recorder_.watch().relists;
    base::log_warning(fmt::format("watcher {} had to list again", index_ + 1));
  }
  void changed(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received) override;

  [[nodiscard]] kube::Reflector& reflector() { return reflector_; }
  [[nodiscard]] const kube::ReflectorCounters& counters() const { return reflector_.counters(); }
  [[nodiscard]] bool watches() const { return counters().lists > 0 && counters().watches > 0; }
  /// What fails from now on is trouble; before, a server may only have said what it cannot do.
  void started() { errors_at_start_ = counters().errors; }
  /// A sentence; empty when there was none.
  [[nodiscard]] std::string trouble() const;

 private:
  static kube::ReflectorOptions reflector_options(const WriteObserver::Options& options) {
    kube::ReflectorOptions made;
    made.label_selector = options.label_selector;
    made.times.longest_pause = longest_watch_pause;
    return made;
  }

  std::unique_ptr<kube::Client> client_;
  std::size_t index_;
  WriteJoin& join_;
  measure::Recorder& recorder_;
  std::function<bool(std::string_view, std::string_view)> owns_;
  measure::WatchAudit audit_;
  bool listed_ = false;
  Errors errors_at_start_;
  kube::Reflector reflector_;
};

void Watcher::changed(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received) {
  measure::WatchTotals& totals = recorder_.watch();
  ++totals.events;
  const std::uint64_t version = kube::version_number(object.resource_version);
  const measure::EventOrder order = audit_.judge(version);
  if (order == measure::EventOrder::reordered) ++totals.reordered;
  if (order == measure::EventOrder::duplicated) {
    ++totals.duplicated;
    return;
  }
  if (owns_(object.namespace_name, object.name)) join_.shown(index_, type, object.name, version, received);
}

std::string Watcher::trouble() const {
  const std::uint64_t relists = counters().lists > 0 ? counters().lists - 1 : 0;
  const std::string errors = text_of(counters().errors, errors_at_start_);
  if (relists == 0 && errors.empty()) return {};
  std::string text = fmt::format("watcher {}:", index_ + 1);
  if (relists > 0) text += fmt::format(" had to list again, {} times;", relists);
  if (!errors.empty()) text += fmt::format(" failed: {};", errors);
  text.pop_back();
  return text;
}

}  // namespace

struct WriteObserver::State {
  State(Options given, measure::SeenLog& seen_log)
      : options(std::move(given)), log(seen_log), join(join_options()), watching(shard) {
    recorder.watch().watchers = options.watchers;
  }

  WriteJoin::Options join_options();
  net::Task<bool> start();
  net::Task<void> run();
  net::Task<void> stop_watching();

  const Options options;
  measure::SeenLog& log;
  net::Shard shard{"watch"};
  measure::Recorder recorder;
  WriteJoin join;
  std::vector<std::unique_ptr<Watcher>> watchers;
  net::TaskGroup watching;
  std::size_t open_feeds = 0;
  base::SteadyTime give_up = base::SteadyTime::max();
  // The main thread's:
  bool started = false;
  bool handed_over = false;  // to run_shards
};

WriteJoin::Options WriteObserver::State::join_options() {
  WriteJoin::Options made;
  made.watchers = options.watchers;
  made.settled = [this](const measure::Operation& write) {
    recorder.record_seen(write);
    log.append(write);
  };
  made.not_followed = [this] { ++recorder.watch().not_followed; };
  return made;
}

// Whether every watcher watches.
net::Task<bool> WriteObserver::State::start() {
  for (const auto& each : watchers) watching.spawn(each->reflector().run());
  const base::SteadyTime end = Clock::now() + start_time;
  bool all = false;
  while (!all && Clock::now() < end) {
    co_await net::sleep_for(poll_time);
    all = std::all_of(watchers.begin(), watchers.end(), [](const auto& each) { return each->watches(); });
  }
  for (const auto& each : watchers) each->started();
  if (!all) co_await stop_watching();
  co_return all;
}

net::Task<void> WriteObserver::State::run() {
  while (open_feeds > 0 && Clock::now() < give_up) co_await net::sleep_for(poll_time);
  const base::SteadyTime end = Clock::now() + options.last_look;
  while (join.waiting() > 0 && Clock::now() < std::min(end, give_up)) co_await net::sleep_for(poll_time);
  join.settle();
  co_await stop_watching();
}

net::Task<void> WriteObserver::State::stop_watching() {
  for (const auto& each : watchers) each->reflector().stop();
  co_await watching.wait_until_done();
}

WriteObserver::WriteObserver(const kube::Configuration& configuration,
                             const std::shared_ptr<kube::Credentials>& credentials,
                             const kube::ClientOptions& client_options, Options options,
                             measure::SeenLog& log)
    : state_(std::make_unique<State>(std::move(options), log)) {
  State& state = *state_;
  for (std::size_t i = 0; i < state.options.watchers; ++i) {
    auto client = std::make_unique<kube::Client>(state.shard, configuration, credentials, client_options);
    state.watchers.push_back(std::make_unique<Watcher>(state.shard, std::move(client), i, state.options,
                                                       state.join, state.recorder));
  }
}

WriteObserver::~WriteObserver() {
  if (state_->started && !state_->handed_over) state_->shard.run(state_->stop_watching());
  state_->shard.stop();
}

void WriteObserver::start() {
  state_->started = state_->shard.run(state_->start());
  if (state_->started) return;
  const auto failed = std::find_if(state_->watchers.begin(), state_->watchers.end(),
                                   [](const auto& each) { return !each->watches(); });
  const std::string errors = text_of((*failed)->counters().errors);
  throw base::Error(fmt::format("--observe: no watch of {} within {}: {}", state_->options.collection.path(),
                                base::format_duration(start_time), errors.empty() ? "no answer" : errors),
                    kube::configuration_exit_code);
}

std::unique_ptr<WriteFeed> WriteObserver::feed(net::Shard& driver) {
  State* const state = state_.get();
  ++state->open_feeds;
  const auto take = [state](WriteFeed::Batch batch) {
    for (FinishedWrite& write : batch) state->join.finished(std::move(write));
  };
  return std::make_unique<WriteFeed>(driver, state->shard, take, [state] { --state->open_feeds; });
}

ShardWork WriteObserver::work() {
  State* const state = state_.get();
  state->handed_over = true;
  const auto run = [state](base::SteadyTime) { return state->run(); };
  const auto stop = [state] {
    const base::Nanoseconds left = std::max(base::Nanoseconds(0), state->options.grace - reserve);
    state->give_up = Clock::now() + left;
  };
  return {state->shard, state->recorder, run, stop, ShardRole::watches};
}

std::vector<std::string> WriteObserver::troubles() const {
  std::vector<std::string> all;
  for (const auto& each : state_->watchers) {
    std::string trouble = each->trouble();
    if (!trouble.empty()) all.push_back(std::move(trouble));
  }
  return all;
}

}  // namespace k8scale::load
