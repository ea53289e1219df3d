#pragma once
#include <optional>
#include <string>
#include <vector>

#include "call.h"
#include "k8scale/apiserver/fault.h"
#include "k8scale/base/random.h"
#include "k8scale/measure/report.h"

namespace k8scale::apiserver {

/// What shall go wrong with one request.
struct Effects {
  base::Nanoseconds latency{0};
  base::Nanoseconds stall{0};
  int status = 0;
  int retry_after = -1;
  ResetMoment reset = ResetMoment::never;
  bool cut = false;
  bool compact = false;
};

/// What shall go wrong with one event of a watch.
struct EventEffects {
  bool swallow = false;
  bool duplicate = false;
  bool drop = false;
  std::optional<std::size_t> reorder;  ///< the rule that says so
  base::Nanoseconds delay{0};
};

/// Decides, request by request and event by event. Belongs to the server's thread.
class FaultInjector {
 public:
  FaultInjector(std::vector<Fault> faults, base::Random random);

  /// Several rules that apply add up.
  [[nodiscard]] Effects next(const Call& call);

  /// Whether a rule is about events of this resource; if not, `next_event` need not be asked.
  [[nodiscard]] bool concerns_events(const ResourceInfo& resource) const;
  /// An event that overtakes another is not overtaken itself.
  [[nodiscard]] EventEffects next_event(const ResourceInfo& resource, bool overtakes);
  /// What this rule hit was not overtaken after all.
  void take_back(std::size_t reorder_rule) { --event_rules_[reorder_rule].injected; }

  /// Of each rule, so far.
  [[nodiscard]] std::vector<measure::FaultCount> counts() const;

 private:
  struct Rule {
    Fault fault;
    std::uint64_t met = 0;       // requests or events that it applied to
    std::uint64_t injected = 0;  // of these
    [[nodiscard]] bool concerns(const ResourceInfo& resource) const {
      return fault.resource.empty() || fault.resource == resource.plural;
    }
  };
  [[nodiscard]] bool hits(Rule& rule);
  void add(EventEffects& effects, std::size_t rule, bool overtakes);
  [[nodiscard]] base::Nanoseconds drawn(const Fault& fault, base::Nanoseconds mean);

  std::vector<Rule> request_rules_;
  std::vector<Rule> event_rules_;
  base::Random random_;
};

}  // namespace k8scale::apiserver
