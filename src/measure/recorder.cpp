#include "k8scale/measure/recorder.h"

#include <algorithm>

namespace k8scale::measure {
namespace {

constexpr std::size_t most_reasons = 64;

template <std::size_t size>
void add(std::array<std::uint64_t, size>& counts, const std::array<std::uint64_t, size>& others) {
  for (std::size_t i = 0; i < size; ++i) counts[i] += others[i];
}

void merge_reasons(CountByReason& counts, const CountByReason& others) {
  for (const auto& [reason, times] : others) count_reason(counts, reason, times);
}

}  // namespace

void count_reason(CountByReason& counts, std::string_view reason, std::uint64_t times) {
  auto found = counts.find(reason);
  if (found == counts.end()) {
    found = counts.try_emplace(counts.size() < most_reasons ? std::string(reason) : "other").first;
  }
  found->second += times;
}

void Span::add(base::SteadyTime moment) {
  first = std::min(first, moment);
  last = std::max(last, moment);
}

void Span::merge(const Span& other) {
  first = std::min(first, other.first);
  last = std::max(last, other.last);
}

std::optional<double> Span::rate(std::uint64_t count) const {
  if (count < 2 || last <= first) return std::nullopt;
  return static_cast<double>(count - 1) / base::to_seconds(last - first);
}

void VerbTotals::merge(const VerbTotals& other) {
  asked += other.asked;
  started += other.started;
  done += other.done;
  attempts += other.attempts;
  retries += other.retries;
  add(operations_by_outcome, other.operations_by_outcome);
  add(attempts_by_outcome, other.attempts_by_outcome);
  merge_reasons(errors, other.errors);
  merge_reasons(retried, other.retried);
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  items += other.items;
  response_time.merge(other.response_time);
  service_time.merge(other.service_time);
  send_lag.merge(other.send_lag);
  late += other.late;
  own_lag.merge(other.own_lag);
  scheduled.merge(other.scheduled);
  ended.merge(other.ended);
  ended_well.merge(other.ended_well);
  seen += other.seen;
  missed += other.missed;
  seen_without_answer += other.seen_without_answer;
  first_notification_time.merge(other.first_notification_time);
  last_notification_time.merge(other.last_notification_time);
}

void WatchTotals::merge(const WatchTotals& other) {
  watchers += other.watchers;
  events += other.events;
  duplicated += other.duplicated;
  reordered += other.reordered;
  relists += other.relists;
  not_followed += other.not_followed;
}

ScheduleTotals Snapshot::of_schedule(std::optional<Verb> verb) const {
  ScheduleTotals totals;
  for (const Verb each : all_verbs) {
    if (verb && each != *verb) continue;
    totals.asked += of(each).asked;
    totals.done += of(each).done;
    totals.ok += of(each).ok();
    totals.scheduled.merge(of(each).scheduled);
    totals.ended.merge(of(each).ended);
    totals.ended_well.merge(of(each).ended_well);
  }
  return totals;
}

std::uint64_t Snapshot::asked() const {
  std::uint64_t total = undrawn;
  for (const VerbTotals& verb : verbs) total += verb.asked;
  return total;
}

std::uint64_t Snapshot::done() const {
  std::uint64_t total = 0;
  for (const VerbTotals& verb : verbs) total += verb.done;
  return total;
}

std::uint64_t Snapshot::failed() const {
  std::uint64_t total = 0;
  for (const VerbTotals& verb : verbs) total += verb.failed();
  return total;
}

std::uint64_t Snapshot::in_flight() const {
  std::uint64_t total = 0;
  for (const VerbTotals& verb : verbs) total += verb.started - std::min(verb.started, verb.done);
  return total;
}

Histogram Snapshot::response_time() const {
  Histogram all;
  for (const VerbTotals& verb : verbs) all.merge(verb.response_time);
  return all;
}

Histogram Snapshot::send_lag() const {
  Histogram all;
  for (const VerbTotals& verb : verbs) all.merge(verb.send_lag);
  return all;
}

std::uint64_t Snapshot::late() const {
  std::uint64_t total = 0;
  for (const VerbTotals& verb : verbs) total += verb.late;
  return total;
}

Histogram Snapshot::own_lag() const {
  Histogram all;
  for (const VerbTotals& verb : verbs) all.merge(verb.own_lag);
  return all;
}

std::uint64_t Snapshot::missed() const {
  std::uint64_t total = 0;
  for (const VerbTotals& verb : verbs) total += verb.missed;
  return total;
}

void Snapshot::merge(const Snapshot& other) {
  for (std::size_t i = 0; i < verbs.size(); ++i) verbs[i].merge(other.verbs[i]);
  if (servers.size() < other.servers.size()) servers.resize(other.servers.size());
  for (std::size_t i = 0; i < other.servers.size(); ++i) {
    for (std::size_t j = 0; j < verbs.size(); ++j) servers[i][j].merge(other.servers[i][j]);
  }
  undrawn += other.undrawn;
  population += other.population;
  watch.merge(other.watch);
}

void Recorder::record(const Operation& attempt) {
  add(attempt, totals_.of(attempt.verb));
  if (attempt.server_index >= totals_.servers.size()) return;
  add(attempt, totals_.servers[attempt.server_index][static_cast<std::size_t>(attempt.verb)]);
}

void Recorder::add(const Operation& attempt, VerbTotals& totals) {
  const auto outcome = static_cast<std::size_t>(attempt.outcome);
  const bool cancelled = attempt.outcome == Outcome::cancelled;
  ++totals.attempts;
  if (attempt.attempt > 1) ++totals.retries;
  ++totals.attempts_by_outcome[outcome];
  totals.bytes_sent += attempt.bytes_sent;
  totals.bytes_received += attempt.bytes_received;
  totals.items += attempt.items;
  if (was_sent(attempt) && attempt.measured) {
    totals.send_lag.record(send_lag(attempt));
    const base::Nanoseconds own = own_lag(attempt);
    totals.own_lag.record(own);
    if (own > harmless_lag) ++totals.late;
    if (!cancelled) totals.service_time.record(service_time(attempt));
  }
  if (attempt.outcome != Outcome::ok) {
    count_reason(attempt.final_attempt ? totals.errors : totals.retried, error_reason(attempt));
  }
  if (!attempt.final_attempt) return;
  ++totals.done;
  ++totals.operations_by_outcome[outcome];
  if (was_sent(attempt) && attempt.measured && !cancelled)
    totals.response_time.record(response_time(attempt));
  totals.scheduled.add(attempt.scheduled);
  totals.ended.add(attempt.done);
  if (attempt.outcome == Outcome::ok) totals.ended_well.add(attempt.done);
}

void Recorder::record_seen(const Operation& write) {
  VerbTotals& totals = totals_.of(write.verb);
  if (write.outcome != Outcome::ok) {
    if (write.seen.watchers > 0) ++totals.seen_without_answer;
    return;
  }
  totals.missed += write.seen.missed_by;
  if (write.seen.watchers > 0) totals.first_notification_time.record(first_notification_time(write));
  if (write.seen.missed_by > 0) return;
  ++totals.seen;
  totals.last_notification_time.record(last_notification_time(write));
}

}  // namespace k8scale::measure
