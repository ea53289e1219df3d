#pragma once
#include <functional>
#include <string>

#include "k8scale/kube/reflector.h"
#include "k8scale/observe/fan_out.h"
#include "k8scale/observe/informer.h"

namespace k8scale::observe {

/// Tells each list and each event in a line, and audits them. Belongs to its reflector's shard.
class EventLog final : public kube::ReflectorSink {
 public:
  using Write = std::function<void(const std::string& line)>;
  explicit EventLog(Write write) : write_(std::move(write)) {}

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
  Write write_;
  Informer informer_;
  std::uint64_t lists_ = 0;
  measure::Span opened_;
  measure::Span received_;
};

}  // namespace k8scale::observe
