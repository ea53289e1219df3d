#pragma once
#include <functional>
#include <string>

#include "k8scale/kube/reflector.h"
#include "k8scale/observe/fan_out.h"
#include "k8scale/observe/informer.h"
#include "k8scale/observe/log_totals.h"
#include "k8scale/observe/moment.h"

namespace k8scale::observe {

/// Tells each list and each event in a line, and audits them. Where an event's object has the annotations
/// that drivers write (Informer::annotations), the time from then on is its notification latency, by two
/// clocks. Belongs to its reflector's shard.
class EventLog final : public kube::ReflectorSink {
 public:
  using Write = std::function<void(const std::string& line)>;
  explicit EventLog(Write write, Clock clock = read_clocks)
      : write_(std::move(write)), clock_(std::move(clock)) {}

  void list_begun() override { informer_.list_begun(); }
  void listed(const kube::ObjectView& object, base::SteadyTime received) override;
  /// "listed 12 objects at version 345"
  void list_ended(std::string_view resource_version) override;
  /// "MODIFIED ns/name version 346"
  void changed(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received) override;
  void bookmark(std::string_view resource_version) override { informer_.bookmark(resource_version); }
  void watch_opened(base::SteadyTime now) override;
  void watch_closed() override { informer_.watch_closed(); }

  [[nodiscard]] const Informer& informer() const { return informer_; }
  /// As of one watch of many; what was missed is what lists and later events tell of.
  [[nodiscard]] FanOutTotals totals() const;

 private:
  void note_latency(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received);

  Write write_;
  Clock clock_;
  Informer informer_;
  NotificationLatency create_latency_;
  NotificationLatency update_latency_;
  std::uint64_t lists_ = 0;
  measure::Span opened_;
  measure::Span received_;
};

}  // namespace k8scale::observe
