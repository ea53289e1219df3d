#include "fault_injector.h"

#include <algorithm>

namespace k8scale::apiserver {
namespace {

bool has_verb(const Fault& fault, Verb verb) {
  const auto& verbs = fault.verbs;
  return verbs.empty() || std::find(verbs.begin(), verbs.end(), name(verb)) != verbs.end();
}

}  // namespace

FaultInjector::FaultInjector(std::vector<Fault> faults, base::Random random) : random_(random) {
  for (Fault& fault : faults) {
    (fault.event == EventFault::none ? request_rules_ : event_rules_).push_back({std::move(fault)});
  }
}

bool FaultInjector::hits(Rule& rule) {
  const Fault& fault = rule.fault;
  if (++rule.met % fault.every != 0) return false;
  const bool hit = fault.probability >= 1 || random_.uniform() < fault.probability;
  if (hit) ++rule.injected;
  return hit;
}

base::Nanoseconds FaultInjector::drawn(const Fault& fault, base::Nanoseconds mean) {
  if (!fault.exponential) return mean;
  return base::from_seconds(base::to_seconds(mean) * random_.exponential());
}

Effects FaultInjector::next(const Call& call) {
  Effects effects;
  for (Rule& rule : request_rules_) {
    if (!has_verb(rule.fault, call.verb) || !rule.concerns(*call.resource) || !hits(rule)) continue;
    const Fault& fault = rule.fault;
    effects.latency += drawn(fault, fault.latency);
    effects.stall += fault.stall;
    effects.cut = effects.cut || fault.cut;
    effects.compact = effects.compact || fault.compact;
    if (fault.status != 0) {
      effects.status = fault.status;
      effects.retry_after = fault.retry_after;
    }
    if (fault.reset != ResetMoment::never) effects.reset = fault.reset;
  }
  return effects;
}

bool FaultInjector::concerns_events(const ResourceInfo& resource) const {
  return std::any_of(event_rules_.begin(), event_rules_.end(),
                     [&](const Rule& rule) { return rule.concerns(resource); });
}

void FaultInjector::add(EventEffects& effects, std::size_t rule, bool overtakes) {
  const Fault& fault = event_rules_[rule].fault;
  switch (fault.event) {
    case EventFault::none:
      break;
    case EventFault::swallow:
      effects.swallow = true;
      break;
    case EventFault::duplicate:
      effects.duplicate = true;
      break;
    case EventFault::reorder:
      if (overtakes) {
        take_back(rule);
      } else {
        effects.reorder = rule;
      }
      break;
    case EventFault::delay:
      effects.delay += drawn(fault, fault.delay);
      break;
    case EventFault::drop:
      effects.drop = true;
      break;
  }
}

EventEffects FaultInjector::next_event(const ResourceInfo& resource, bool overtakes) {
  EventEffects effects;
  for (std::size_t i = 0; i < event_rules_.size(); ++i) {
    Rule& rule = event_rules_[i];
    if (rule.concerns(resource) && hits(rule)) add(effects, i, overtakes);
  }
  return effects;
}

std::vector<measure::FaultCount> FaultInjector::counts() const {
  std::vector<measure::FaultCount> counts;
  for (const auto* rules : {&request_rules_, &event_rules_}) {
    for (const Rule& rule : *rules) {
      counts.push_back({rule.fault.text, rule.met, rule.injected});
    }
  }
  return counts;
}

}  // namespace k8scale::apiserver
