#include "watches.h"

#include <algorithm>

namespace k8scale::apiserver {
namespace {

// How many watches write before requests get their turn: about a millisecond.
constexpr int wake_at_a_time = 64;
constexpr auto tick = std::chrono::milliseconds(100);

}  // namespace

Watches::Watches(net::Shard& shard, const Store& store, FrameCache& frames)
    : shard_(shard), store_(store), frames_(frames), resting_(store.resources()), told_(store.revision()) {}

net::Task<void> Watches::rest(Member& member, base::SteadyTime until) {
  member.unlink();
  resting_[member.resource_].push_back(member);
  member.until_ = until;
  member.rests_ = true;
  earliest_ = std::min(earliest_, until);
  if (!keeping_time_) {
    keeping_time_ = true;
    shard_.spawn(keep_time());
  }
  if (due_.empty()) release_frames();
  co_await member.parking_.park();
}

void Watches::changed() {
  const auto& events = store_.events();
  if (events.empty() || events.front().revision > told_ + 1) {
    told_ = store_.revision();
    return wake_all();  // some were forgotten at once
  }
  while (told_ < store_.revision()) {
    List& resting = resting_[store_.event_at(++told_).resource];
    due_.splice(due_.end(), resting);
  }
  start_waking();
}

void Watches::compacted() {
  for (List& resting : resting_) {
    for (Member& member : resting) member.seen = store_.revision();
  }
}

void Watches::wake(Member& member) {
  if (!member.rests_) return;
  member.unlink();
  due_.push_back(member);
  start_waking();
}

void Watches::wake_all() {
  for (List& resting : resting_) due_.splice(due_.end(), resting);
  start_waking();
}

void Watches::start_waking() {
  if (waking_ || due_.empty()) return;
  waking_ = true;
  shard_.post([this] { wake_some(); });
}

void Watches::wake_some() {
  for (int i = 0; i < wake_at_a_time && !due_.empty(); ++i) {
    Member& member = due_.front();
    member.unlink();
    member.rests_ = false;
    running_.push_back(member);
    member.parking_.unpark();
  }
  waking_ = false;
  if (due_.empty()) release_frames();
  start_waking();
}

// Runs as long as watches rest.
net::Task<void> Watches::keep_time() {
  while (!all_awake()) {
    co_await net::sleep_for(tick);
    const base::SteadyTime now = std::chrono::steady_clock::now();
    if (now >= earliest_) wake_those_before(now);
    release_frames();
  }
  earliest_ = base::SteadyTime::max();
  keeping_time_ = false;
}

void Watches::wake_those_before(base::SteadyTime now) {
  earliest_ = base::SteadyTime::max();
  for (List& resting : resting_) {
    for (auto place = resting.begin(); place != resting.end();) {
      Member& member = *place++;
      if (member.until_ <= now) {
        member.unlink();
        due_.push_back(member);
      } else {
        earliest_ = std::min(earliest_, member.until_);
      }
    }
  }
  start_waking();
}

bool Watches::all_awake() const {
  return std::all_of(resting_.begin(), resting_.end(), [](const List& each) { return each.empty(); });
}

// Those that rest have seen everything; those that run may still need what came after what they saw, unless
// that has been forgotten: they end when they come to it.
void Watches::release_frames() {
  std::uint64_t seen = store_.revision();
  for (const List* awake : {&due_, &running_}) {
    for (const Member& member : *awake) {
      const bool lost = member.seen < store_.oldest_revision(member.resource_);
      if (!lost) seen = std::min(seen, member.seen);
    }
  }
  frames_.release_before(std::max(seen, store_.oldest_revision()) + 1);
}

}  // namespace k8scale::apiserver
