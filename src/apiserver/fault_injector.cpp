#include "fault_injector.h"

#include <algorithm>

namespace k8scale::apiserver {

FaultInjector::FaultInjector(std::vector<Fault> faults, base::Random random) : random_(random) {
  for (Fault& fault : faults) rules_.push_back({std::move(fault), 0});
}

bool FaultInjector::applies(Rule& rule, const Call& call) {
  const Fault& fault = rule.fault;
  const auto& verbs = fault.verbs;
  if (!verbs.empty() && std::find(verbs.begin(), verbs.end(), name(call.verb)) == verbs.end()) return false;
  if (!fault.resource.empty() && fault.resource != call.resource->plural) return false;
  if (++rule.met % fault.every != 0) return false;
  return fault.probability >= 1 || random_.uniform() < fault.probability;
}

Effects FaultInjector::next(const Call& call) {
  Effects effects;
  for (Rule& rule : rules_) {
    if (!applies(rule, call)) continue;
    const Fault& fault = rule.fault;
    const double factor = fault.exponential ? random_.exponential() : 1;
    effects.latency += base::from_seconds(base::to_seconds(fault.latency) * factor);
    effects.stall += fault.stall;
    effects.cut = effects.cut || fault.cut;
    if (fault.status != 0) {
      effects.status = fault.status;
      effects.retry_after = fault.retry_after;
    }
    if (fault.reset != ResetMoment::never) effects.reset = fault.reset;
  }
  return effects;
}

}  // namespace k8scale::apiserver
