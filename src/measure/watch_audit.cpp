#include "k8scale/measure/watch_audit.h"

#include <algorithm>

namespace k8scale::measure {
namespace {

constexpr std::size_t most_recent = 1024;

}  // namespace

EventOrder WatchAudit::judge(std::uint64_t version) {
  EventOrder order = EventOrder::forward;
  if (version <= highest_) {
    const bool known = std::find(recent_.begin(), recent_.end(), version) != recent_.end();
    order = known ? EventOrder::duplicated : EventOrder::reordered;
  }
  if (order == EventOrder::duplicated) return order;
  highest_ = std::max(highest_, version);
  if (recent_.size() < most_recent) {
    recent_.push_back(version);
  } else {
    recent_[next_] = version;
    next_ = (next_ + 1) % most_recent;
  }
  return order;
}

}  // namespace k8scale::measure
