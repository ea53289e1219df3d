#include "event_tampering.h"

namespace k8scale::apiserver {
namespace {

// How long a client waits for the last of its events, when that one was to be overtaken.
constexpr auto longest_hold = std::chrono::seconds(1);

}  // namespace

base::Nanoseconds EventTampering::delay_of_next() {
  if (!active_) return base::Nanoseconds(0);
  if (decided_) return base::Nanoseconds(0);  // it has waited
  const EventEffects effects = faults_.next_event(resource_, held_.has_value());
  decided_ = effects;
  return effects.delay;
}

void EventTampering::put(const std::string& frame, std::string& out) {
  const EventEffects effects = std::exchange(decided_, std::nullopt).value_or(EventEffects());
  drops_ = drops_ || effects.drop;
  if (effects.swallow) return;
  if (effects.reorder) {
    held_ = Held{frame, *effects.reorder, std::chrono::steady_clock::now() + longest_hold};
    return;
  }
  out += frame;
  if (effects.duplicate) out += frame;
  if (held_) out += held_->frame;
  held_.reset();
}

void EventTampering::give_up_holding(std::string& out) {
  if (!held_) return;
  faults_.take_back(held_->rule);
  out += held_->frame;
  held_.reset();
}

}  // namespace k8scale::apiserver
