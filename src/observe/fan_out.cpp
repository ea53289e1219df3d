#include "k8scale/observe/fan_out.h"

#include <algorithm>
#include <iterator>

#include "k8scale/kube/resource_version.h"

namespace k8scale::observe {
namespace {

constexpr std::size_t most_kept = 1'000'000;
// Of the events that a watch missed, and that all of them did, so many may still turn out to be late; more
// are only counted.
constexpr std::size_t most_awaited = 10'000;
constexpr std::size_t most_awaited_of_all = 1'000'000;

}  // namespace

void FanOutTotals::count(kube::EventType type) {
  ++events;
  ++(type == kube::EventType::added ? added : type == kube::EventType::modified ? modified : deleted);
}

void FanOutTotals::merge(const FanOutTotals& other) {
  watches += other.watches;
  open += other.open;
  watching += other.watching;
  events += other.events;
  added += other.added;
  modified += other.modified;
  deleted += other.deleted;
  duplicated += other.duplicated;
  reordered += other.reordered;
  missed += other.missed;
  behind += other.behind;
  relists += other.relists;
  opened.merge(other.opened);
  last_opened = std::max(last_opened, other.last_opened);
  received.merge(other.received);
  spread.merge(other.spread);
  create_latency.merge(other.create_latency);
  update_latency.merge(other.update_latency);
}

void FanOut::opened(Watch watch, base::SteadyTime now) {
  ++totals_.watching;
  totals_.last_opened = now;
  Position& position = positions_[watch];
  if (position.open) return;
  position.open = true;
  ++totals_.open;
  totals_.opened.add(now);
}

void FanOut::event(Watch watch, kube::EventType type, std::uint64_t version, base::SteadyTime received) {
  totals_.count(type);
  totals_.received.add(received);
  Position& position = positions_[watch];
  if (position.next < end() && at(position.next).version == version) {
    totals_.spread.record(received - at(position.next).first);
    ++position.next;
    return;
  }
  if (position.next == end() && (shown_.empty() || version > shown_.back().version)) {
    shown_.push_back({version, received});
    totals_.spread.record(base::Nanoseconds(0));
    ++position.next;
    if (shown_.size() > most_kept) drop_old();
    return;
  }
  unexpected(watch, version, received);
}

// The number of the first event that is not before `version`.
std::uint64_t FanOut::find(std::uint64_t version) const {
  const auto found = std::lower_bound(shown_.begin(), shown_.end(), version,
                                      [](const Shown& each, std::uint64_t v) { return each.version < v; });
  return dropped_ + static_cast<std::uint64_t>(found - shown_.begin());
}

void FanOut::unexpected(Watch watch, std::uint64_t version, base::SteadyTime received) {
  Position& position = positions_[watch];
  const std::uint64_t number = find(version);
  const bool known = number < end() && at(number).version == version;
  if (!known) insert(watch, number, {version, received});
  if (number >= position.next) {
    skip_to(watch, number);
    ++position.next;
    return;
  }
  // It came after later ones.
  if (!known) {
    ++totals_.reordered;
    return;
  }
  ++(came_late(watch, version) ? totals_.reordered : totals_.duplicated);
}

// Whether the watch had missed it so far.
bool FanOut::came_late(Watch watch, std::uint64_t version) {
  const auto found = missed_.find(watch);
  if (found == missed_.end()) return false;
  std::vector<std::uint64_t>& awaited = found->second;
  const auto place = std::lower_bound(awaited.begin(), awaited.end(), version);
  if (place == awaited.end() || *place != version) return false;
  awaited.erase(place);
  --awaited_;
  --totals_.missed;
  return true;
}

// An event that watches have gone past already: all but the one that shows it have missed it so far.
void FanOut::insert(Watch finder, std::uint64_t number, const Shown& event) {
  shown_.insert(shown_.begin() + static_cast<std::ptrdiff_t>(number - dropped_), event);
  for (Watch each = 0; each < positions_.size(); ++each) {
    if (positions_[each].next <= number) continue;
    ++positions_[each].next;
    if (each != finder) miss(each, event.version);
  }
}

void FanOut::skip_to(Watch watch, std::uint64_t number) {
  std::uint64_t& next = positions_[watch].next;
  for (; next < number; ++next) {
    miss(watch, at(next).version);
  }
}

void FanOut::miss(Watch watch, std::uint64_t version) {
  ++totals_.missed;
  if (awaited_ == most_awaited_of_all) return;
  std::vector<std::uint64_t>& awaited = missed_[watch];
  if (awaited.size() == most_awaited) return;
  ++awaited_;
  awaited.insert(std::upper_bound(awaited.begin(), awaited.end(), version), version);
}

void FanOut::reached(Watch watch, std::uint64_t version) { skip_to(watch, find(version + 1)); }

void FanOut::relisted(Watch watch, std::uint64_t version) {
  ++totals_.relists;
  reached(watch, version);
}

void FanOut::drop_old() {
  const std::size_t count = shown_.size() / 2;
  const std::uint64_t first_kept = dropped_ + count;
  for (Watch each = 0; each < positions_.size(); ++each) skip_to(each, first_kept);
  shown_.erase(shown_.begin(), shown_.begin() + static_cast<std::ptrdiff_t>(count));
  dropped_ = first_kept;
}

FanOutTotals FanOut::totals() const {
  FanOutTotals made = totals_;
  made.watches = positions_.size();
  made.versions = end();
  for (const Position& position : positions_) made.behind += end() - position.next;
  return made;
}

std::vector<std::uint64_t> FanOut::versions() const {
  std::vector<std::uint64_t> all;
  all.reserve(shown_.size());
  for (const Shown& each : shown_) all.push_back(each.version);
  return all;
}

namespace {

using Versions = std::vector<std::uint64_t>;

Versions joined(const Versions& a, const Versions& b) {
  Versions made;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(made));
  return made;
}

// Events of other shards that the watches of this one have not shown.
void hold_against(const Versions& all, const FanOut& shard, FanOutTotals& totals) {
  const Versions own = shard.versions();
  const std::uint64_t watches = shard.totals().watches;
  const bool dropped_some = shard.totals().versions > own.size();
  Versions lacking;
  std::set_difference(all.begin(), all.end(), own.begin(), own.end(), std::back_inserter(lacking));
  for (const std::uint64_t version : lacking) {
    if (dropped_some && version < own.front()) continue;
    const bool passed = !own.empty() && version < own.back();
    (passed ? totals.missed : totals.behind) += watches;
  }
}

}  // namespace

FanOutTotals merge(const std::vector<const FanOut*>& shards) {
  FanOutTotals totals;
  Versions all;
  std::uint64_t dropped = 0;
  for (const FanOut* shard : shards) {
    const FanOutTotals own = shard->totals();
    const Versions kept = shard->versions();
    totals.merge(own);
    all = joined(all, kept);
    dropped = std::max<std::uint64_t>(dropped, own.versions - kept.size());
  }
  for (const FanOut* shard : shards) hold_against(all, *shard, totals);
  totals.versions = all.size() + dropped;
  return totals;
}

void FanOutSink::list_ended(std::string_view resource_version) {
  fan_out_.relisted(watch_, kube::version_number(resource_version));
}

void FanOutSink::changed(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received) {
  fan_out_.event(watch_, type, kube::version_number(object.resource_version), received);
}

void FanOutSink::bookmark(std::string_view resource_version) {
  fan_out_.reached(watch_, kube::version_number(resource_version));
}

}  // namespace k8scale::observe
