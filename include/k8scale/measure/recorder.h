#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/measure/histogram.h"
#include "k8scale/measure/operation.h"

namespace k8scale::measure {

/// How often something happened, by reason. At most 64 reasons are told apart, the rest counts as "other".
using CountByReason = std::map<std::string, std::uint64_t, std::less<>>;
void count_reason(CountByReason& counts, std::string_view reason, std::uint64_t times = 1);

/// A lag that does not matter.
inline constexpr base::Nanoseconds harmless_lag = std::chrono::milliseconds(2);

/// The first and the last of many moments.
struct Span {
  base::SteadyTime first = base::SteadyTime::max();
  base::SteadyTime last = base::SteadyTime::min();

  void add(base::SteadyTime moment);
  void merge(const Span& other);
  /// Events per second when `count` events lie in this span, the first and the last on its ends; nothing when
  /// there are fewer than two or they take no time.
  [[nodiscard]] std::optional<double> rate(std::uint64_t count) const;
};

/// What became of the operations of one verb.
struct VerbTotals {
  std::uint64_t asked = 0;    ///< operations that the schedule asks for
  std::uint64_t started = 0;  ///< operations that were begun
  std::uint64_t done = 0;     ///< operations that ended, well or not
  std::uint64_t attempts = 0;
  std::uint64_t retries = 0;  ///< attempts beyond an operation's first
  std::array<std::uint64_t, all_outcomes.size()> operations_by_outcome{};  ///< by the last attempt's
  std::array<std::uint64_t, all_outcomes.size()> attempts_by_outcome{};
  CountByReason errors;   ///< operations that ended badly
  CountByReason retried;  ///< attempts that ended badly and were followed by another
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t items = 0;  ///< in the answers of lists
  Histogram
      response_time;  ///< of each operation whose last attempt was sent, well or not; not of cancelled ones
  Histogram service_time;  ///< of each attempt that was sent and not cancelled
  Histogram send_lag;      ///< of each attempt that was sent
                           ///< none of these three of what was not `measured`
  std::uint64_t late = 0;  ///< attempts of `send_lag` whose own_lag was more than harmless
  Histogram own_lag;       ///< of each attempt of `send_lag`
  Span scheduled;          ///< of the operations that ended
  Span ended;
  Span ended_well;

  std::uint64_t seen = 0;    ///< writes that ended well and that every watcher showed
  std::uint64_t missed = 0;  ///< for each write that ended well: how many watchers did not show it
  std::uint64_t seen_without_answer = 0;  ///< writes of unknown end that some watcher showed
  Histogram first_notification_time;      ///< of each write that ended well and that some watcher showed
  Histogram last_notification_time;       ///< of each write that ended well and that every watcher showed

  [[nodiscard]] std::uint64_t ok() const { return ended_as(Outcome::ok); }
  [[nodiscard]] std::uint64_t failed() const { return done - ok(); }
  [[nodiscard]] std::uint64_t ended_as(Outcome outcome) const {
    return operations_by_outcome[static_cast<std::size_t>(outcome)];
  }
  /// Operations that ended, per second between the first end and the last.
  [[nodiscard]] std::optional<double> rate() const { return ended.rate(done); }
  /// Those that ended well, in the same way.
  [[nodiscard]] std::optional<double> ok_rate() const { return ended_well.rate(ok()); }
  /// The operations of `rate`, per second between their scheduled moments: what `rate` is when the run kept
  /// up.
  [[nodiscard]] std::optional<double> scheduled_rate() const { return scheduled.rate(done); }
  /// Whether the run has anything to do with this verb.
  [[nodiscard]] bool used() const { return asked + started + attempts > 0; }
  void merge(const VerbTotals& other);
};

/// What became of the operations of a schedule.
struct ScheduleTotals {
  std::uint64_t asked = 0;
  std::uint64_t done = 0;
  std::uint64_t ok = 0;
  Span scheduled;  ///< of the operations that ended
  Span ended;
  Span ended_well;
};

/// What the watchers of a run's own writes showed, on all watches together.
struct WatchTotals {
  std::uint64_t watchers = 0;
  std::uint64_t events = 0;
  std::uint64_t duplicated = 0;    ///< events that the same watch had shown before
  std::uint64_t reordered = 0;     ///< events that came after one of a higher version
  std::uint64_t relists = 0;       ///< lists beyond a watcher's first: what happened before was not watched
  std::uint64_t not_followed = 0;  ///< writes that were not waited for: too many were, or had no version

  void merge(const WatchTotals& other);
};

/// Everything that was recorded up to a moment: a value, to be copied to other threads and merged there.
/// Assign it to one that is kept from copy to copy: that takes some 20 µs, a fresh one twenty times as long
/// for its memory (up to 1 MiB).
struct Snapshot {
  using ByVerb = std::array<VerbTotals, all_verbs.size()>;
  ByVerb verbs;
  std::vector<ByVerb>
      servers;                ///< what each server ended, without `asked` and `started`; empty for one server
  std::uint64_t undrawn = 0;  ///< operations that the schedule asks for, whose verb it has yet to draw
  std::int64_t population = 0;  ///< objects that exist because of this run
  WatchTotals watch;

  [[nodiscard]] const VerbTotals& of(Verb verb) const { return verbs[static_cast<std::size_t>(verb)]; }
  [[nodiscard]] VerbTotals& of(Verb verb) { return verbs[static_cast<std::size_t>(verb)]; }
  /// Of a schedule of one verb, or of all when there is none.
  [[nodiscard]] ScheduleTotals of_schedule(std::optional<Verb> verb) const;
  [[nodiscard]] std::uint64_t asked() const;  ///< with those that are undrawn
  [[nodiscard]] std::uint64_t done() const;
  [[nodiscard]] std::uint64_t failed() const;
  /// Operations that began and have not ended; one that waits for its next attempt is among them.
  [[nodiscard]] std::uint64_t in_flight() const;
  [[nodiscard]] Histogram response_time() const;  ///< of all verbs
  [[nodiscard]] Histogram send_lag() const;       ///< of all verbs
  [[nodiscard]] std::uint64_t late() const;       ///< of all verbs
  [[nodiscard]] Histogram own_lag() const;        ///< of all verbs
  /// Of all verbs: watchers that did not show a write, summed over all writes that ended well.
  [[nodiscard]] std::uint64_t missed() const;
  void merge(const Snapshot& other);
};

/// The rates of a run as its driver knows them.
struct Pace {
  std::uint64_t done = 0;    ///< operations that ended
  std::uint64_t asked = 0;   ///< operations that the run will have done in the end
  double achieved_rate = 0;  ///< operations of the schedule that ended well, per second, until the last ended
  double asked_rate = 0;     ///< and what was asked for
};

/// Counts on one shard, whose thread alone calls it: no lock, nothing global.
class Recorder {
 public:
  explicit Recorder(std::size_t servers = 1) {
    if (servers > 1) totals_.servers.resize(servers);
  }

  /// The schedule asks for `count` more operations of that verb.
  void asked(Verb verb, std::uint64_t count) { totals_.of(verb).asked += count; }
  /// The schedule asks for `count` more operations, of verbs that `drawn` tells one after the other.
  void asked_undrawn(std::uint64_t count) { totals_.undrawn += count; }
  void drawn(Verb verb) {
    --totals_.undrawn;
    ++totals_.of(verb).asked;
  }
  /// An operation began. Exactly one record with `final_attempt` follows.
  void started(Verb verb) { ++totals_.of(verb).started; }
  /// An attempt ended. Well under a microsecond.
  void record(const Operation& attempt);
  /// No watcher will show more of that write: `seen` is complete.
  void record_seen(const Operation& write);
  /// What is counted on the watches themselves.
  [[nodiscard]] WatchTotals& watch() { return totals_.watch; }
  /// Objects appeared (or went, when negative).
  void add_population(std::int64_t difference) { totals_.population += difference; }

  /// Copy this, on the shard's thread, to hand it to another: see Snapshot.
  [[nodiscard]] const Snapshot& snapshot() const { return totals_; }

 private:
  static void add(const Operation& attempt, VerbTotals& totals);

  Snapshot totals_;
};

}  // namespace k8scale::measure
