#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "catch.h"
#include "k8scale/base/random.h"
#include "k8scale/load/write_join.h"

// The join against a model that sees a whole run at once, on random runs with lost answers, events that are
// early, late, swallowed, doubled or out of order, and watchers that list again.
namespace k8scale::load {
namespace {

using kube::EventType;
using measure::Operation;
using measure::Verb;

struct Event {
  EventType type = EventType::added;
  std::string name;
  std::uint64_t version = 0;
};

// One call of the join. A list is one `list_begun`, many `listed`, one `list_ended`.
struct Step {
  enum class Kind { finished, shown, list_begun, listed, list_ended };
  Kind kind = Kind::shown;
  std::size_t watcher = 0;
  Event event;
  FinishedWrite write;
};
using Steps = std::vector<Step>;

struct Made {  // a write and the version it made, 0 when nothing happened
  FinishedWrite write;
  std::uint64_t version = 0;
};

class RandomRun {
 public:
  explicit RandomRun(std::uint64_t seed) : random_(seed, "run"), watchers_(1 + random_.below(3)) {
    make_history();
    std::vector<Steps> streams;
    for (std::size_t i = 0; i < watchers_; ++i) streams.push_back(watch(i));
    Steps answers = merge(std::move(answers_));
    streams.push_back(std::move(answers));
    steps_ = merge(std::move(streams));
  }

  [[nodiscard]] const Steps& steps() const { return steps_; }
  [[nodiscard]] const std::vector<Made>& writes() const { return writes_; }
  [[nodiscard]] std::size_t watchers() const { return watchers_; }

 private:
  bool chance(double p) { return random_.uniform() < p; }

  void make_history() {
    const std::uint64_t objects = 1 + random_.below(6);
    answers_.resize(objects);
    std::vector<std::uint64_t> left(objects);  // objects with writes to come
    std::iota(left.begin(), left.end(), 0);
    std::vector<bool> exists(objects, false);
    while (!left.empty()) {
      const std::size_t at = random_.below(left.size());
      const std::uint64_t object = left[at];
      const std::string name = fmt::format("run-{}", object);
      const Verb verb = !exists[object] ? Verb::create : chance(0.6) ? Verb::update : Verb::remove;
      const WriteFate fate = do_write(object, name, verb);
      exists[object] = true;
      const bool over = verb == Verb::remove || (verb == Verb::create && fate != WriteFate::happened);
      if (over) left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
      // What a driver's clean-up does leaves no record.
      if (over && fate == WriteFate::unknown && there_.count(name) > 0) {
        happen({EventType::deleted, name, 0});
      }
    }
  }

  WriteFate do_write(std::uint64_t object, const std::string& name, Verb verb) {
    Made made;
    Operation& operation = made.write.operation;
    operation.verb = verb;
    operation.object_name = name;
    const double luck = random_.uniform();
    made.write.fate = luck < 0.8    ? WriteFate::happened
                      : luck < 0.95 ? WriteFate::unknown
                                    : WriteFate::did_not_happen;
    const bool happens =
        made.write.fate == WriteFate::happened || (made.write.fate == WriteFate::unknown && chance(0.5));
    if (made.write.fate != WriteFate::happened) operation.outcome = measure::Outcome::connection_lost;
    if (happens) {
      const EventType type = verb == Verb::create   ? EventType::added
                             : verb == Verb::remove ? EventType::deleted
                                                    : EventType::modified;
      made.version = happen({type, name, 0});
    }
    if (made.write.fate == WriteFate::happened && verb != Verb::remove) {
      operation.resource_version = fmt::format("{}", made.version);
    }
    if (made.write.fate == WriteFate::unknown) doubtful_.insert(name);
    Step step;
    step.kind = Step::Kind::finished;
    step.write = made.write;
    answers_[object].push_back(step);
    writes_.push_back(made);
    return made.write.fate;
  }

  std::uint64_t happen(Event event) {
    event.version = version_ += 1 + random_.below(3);
    if (event.type == EventType::deleted) {
      there_.erase(event.name);
    } else {
      there_[event.name] = event.version;
    }
    events_.push_back(event);
    return event.version;
  }

  // What one watcher shows of the history.
  Steps watch(std::size_t watcher) {
    const std::size_t count = events_.size();
    if (chance(0.6)) return spoil(watcher, 0, count);
    const std::size_t gap_begin = random_.below(count + 1);
    const std::size_t gap_end = gap_begin + random_.below(count + 1 - gap_begin);
    Steps steps = spoil(watcher, 0, gap_begin);
    list(watcher, gap_end, steps);
    const Steps rest = spoil(watcher, gap_end, count);
    steps.insert(steps.end(), rest.begin(), rest.end());
    return steps;
  }

  Steps spoil(std::size_t watcher, std::size_t from, std::size_t to) {
    Steps steps;
    for (std::size_t i = from; i < to; ++i) {
      if (chance(0.1)) continue;
      Step step;
      step.watcher = watcher;
      step.event = events_[i];
      steps.push_back(step);
      // A double of a write that nobody knows of would be taken for it.
      if (chance(0.1) && doubtful_.count(step.event.name) == 0) steps.push_back(step);
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (chance(0.2)) std::swap(steps[i], steps[std::min(steps.size() - 1, i + random_.below(4))]);
    }
    return steps;
  }

  // A list after the first `count` events.
  void list(std::size_t watcher, std::size_t count, Steps& steps) {
    std::map<std::string, std::uint64_t> objects;
    std::uint64_t version = 0;
    for (std::size_t i = 0; i < count; ++i) {
      objects[events_[i].name] = events_[i].version;
      if (events_[i].type == EventType::deleted) objects.erase(events_[i].name);
      version = events_[i].version;
    }
    Step step;
    step.watcher = watcher;
    step.kind = Step::Kind::list_begun;
    steps.push_back(step);
    step.kind = Step::Kind::listed;
    for (const auto& [name, its_version] : objects) {
      step.event = {EventType::added, name, its_version};
      steps.push_back(step);
    }
    step.kind = Step::Kind::list_ended;
    step.event.version = version;
    steps.push_back(step);
  }

  // All of them in a random order that keeps each one's.
  Steps merge(std::vector<Steps> streams) {
    Steps all;
    std::vector<std::size_t> next(streams.size(), 0);
    for (;;) {
      std::vector<std::size_t> ready;
      for (std::size_t i = 0; i < streams.size(); ++i) {
        if (next[i] < streams[i].size()) ready.push_back(i);
      }
      if (ready.empty()) return all;
      const std::size_t chosen = ready[random_.below(ready.size())];
      const std::size_t run = 1 + random_.below(4);
      for (std::size_t i = 0; i < run && next[chosen] < streams[chosen].size(); ++i) {
        all.push_back(streams[chosen][next[chosen]++]);
      }
    }
  }

  base::Random random_;
  std::size_t watchers_;
  std::uint64_t version_ = 100;
  std::vector<Event> events_;
  std::map<std::string, std::uint64_t> there_;
  std::set<std::string> doubtful_;  // objects with a write of unknown fate
  std::vector<Steps> answers_;
  std::vector<Made> writes_;
  Steps steps_;
};

base::SteadyTime moment_of(std::size_t step) {
  return base::SteadyTime() + std::chrono::milliseconds(1 + step);
}

// How one write came out, for comparison.
std::string text_of(const Operation& write) {
  const auto number = [](base::SteadyTime moment) { return moment.time_since_epoch().count(); };
  const measure::Seen& seen = write.seen;
  return fmt::format("{} {} {}: {} {} by {}, missed by {}", write.object_name, measure::name(write.verb),
                     measure::name(write.outcome), number(seen.first), number(seen.last), seen.watchers,
                     seen.missed_by);
}

// Whether that step shows that write.
bool shows(const Step& step, const Made& made) {
  const Operation& write = made.write.operation;
  if (step.event.name != write.object_name) return false;
  if (step.kind != Step::Kind::shown && step.kind != Step::Kind::listed) return false;
  const bool deleted = step.event.type == EventType::deleted;
  if (write.verb == Verb::remove) return deleted;
  return !deleted && step.event.version == made.version;
}

// Looks through the whole run for each write and each watcher.
std::vector<std::string> model(const RandomRun& run) {
  std::vector<std::string> all;
  for (const Made& made : run.writes()) {
    if (made.write.fate == WriteFate::did_not_happen) continue;
    Operation write = made.write.operation;
    measure::Seen& seen = write.seen;
    bool event_came = write.verb == Verb::create;
    for (std::size_t watcher = 0; watcher < run.watchers(); ++watcher) {
      bool shown = false;
      for (std::size_t i = 0; i < run.steps().size(); ++i) {
        const Step& step = run.steps()[i];
        if (step.watcher != watcher || !shows(step, made)) continue;
        event_came = event_came || step.kind == Step::Kind::shown;
        if (shown) continue;
        shown = true;
        seen.first = seen.watchers == 0 ? moment_of(i) : std::min(seen.first, moment_of(i));
        seen.last = std::max(seen.last, moment_of(i));
        ++seen.watchers;
      }
    }
    if (made.write.fate == WriteFate::happened) {
      seen.missed_by = run.watchers() - seen.watchers;
    } else if (seen.watchers == 0 || !event_came) {
      continue;
    }
    all.push_back(text_of(write));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> join(const RandomRun& run) {
  std::vector<std::string> all;
  std::size_t not_followed = 0;
  WriteJoin join({run.watchers(), [&](const Operation& write) { all.push_back(text_of(write)); },
                  [&] { ++not_followed; }});
  for (std::size_t i = 0; i < run.steps().size(); ++i) {
    const Step& step = run.steps()[i];
    switch (step.kind) {
      case Step::Kind::finished:
        join.finished(step.write);
        break;
      case Step::Kind::shown:
        join.shown(step.watcher, step.event.type, step.event.name, step.event.version, moment_of(i));
        break;
      case Step::Kind::list_begun:
        join.list_begun(step.watcher);
        break;
      case Step::Kind::listed:
        join.listed(step.watcher, step.event.name, step.event.version, moment_of(i));
        break;
      case Step::Kind::list_ended:
        join.list_ended(step.watcher, step.event.version);
        break;
    }
    CHECK(join.waiting() <= join.held());
  }
  join.settle();
  CHECK(join.waiting() == 0);
  CHECK(join.held() == 0);
  CHECK(not_followed == 0);
  std::sort(all.begin(), all.end());
  return all;
}

TEST_CASE("the join of any run is what a model finds that sees it whole") {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    CAPTURE(seed);
    const RandomRun run(seed);
    REQUIRE(join(run) == model(run));
  }
}

}  // namespace
}  // namespace k8scale::load
