#pragma once
#include <optional>
#include <string>

#include "fault_injector.h"

namespace k8scale::apiserver {

/// Does to the events of one watch what the faults say.
class EventTampering {
 public:
  EventTampering(FaultInjector& faults, const ResourceInfo& resource)
      : faults_(faults), resource_(resource), active_(faults.concerns_events(resource)) {}

  /// Decides about the next event, once; how long it shall wait before it is `put`.
  [[nodiscard]] base::Nanoseconds delay_of_next();
  /// Appends the frame of that event to `out`, or whatever becomes of it.
  void put(const std::string& frame, std::string& out);

  /// Whether the connection shall be reset after what was put.
  [[nodiscard]] bool drops() const { return drops_; }

  /// Until when an event waits for another one that overtakes it; the end of time when none does.
  [[nodiscard]] base::SteadyTime held_until() const { return held_ ? held_->until : base::SteadyTime::max(); }
  /// Nothing came that could overtake it.
  void give_up_holding(std::string& out);

 private:
  struct Held {
    std::string frame;
    std::size_t rule;
    base::SteadyTime until;
  };
  FaultInjector& faults_;
  const ResourceInfo& resource_;
  bool active_;
  bool drops_ = false;
  std::optional<EventEffects> decided_;
  std::optional<Held> held_;
};

}  // namespace k8scale::apiserver
