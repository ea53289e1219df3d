#include "k8scale/observe/event_log.h"

#include <fmt/format.h>

namespace k8scale::observe {
namespace {

std::string_view name(kube::EventType type) {
  switch (type) {
    case kube::EventType::added:
      return "ADDED";
    case kube::EventType::modified:
      return "MODIFIED";
    case kube::EventType::deleted:
      break;
  }
  return "DELETED";
}

}  // namespace

void EventLog::listed(const kube::ObjectView& object, base::SteadyTime received) {
  informer_.listed(object, received);
}

void EventLog::list_ended(std::string_view resource_version) {
  informer_.list_ended(resource_version);
  ++lists_;
  write_(fmt::format("listed {} objects at version {}", informer_.objects(), resource_version));
}

void EventLog::changed(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received) {
  informer_.changed(type, object, received);
  received_.add(received);
  write_(fmt::format("{} {}{}{} version {}", name(type), object.namespace_name,
                     object.namespace_name.empty() ? "" : "/", object.name, object.resource_version));
}

void EventLog::watch_opened(base::SteadyTime now) {
  informer_.watch_opened(now);
  opened_.add(now);
}

FanOutTotals EventLog::totals() const {
  FanOutTotals made;
  made.watches = 1;
  made.watching = informer_.watching() ? 1 : 0;
  made.open = opened_.first <= opened_.last ? 1 : 0;
  made.events = made.versions = informer_.events().of_watch();
  made.versions -= informer_.audit().duplicated;
  made.duplicated = informer_.audit().duplicated;
  made.reordered = informer_.audit().reordered;
  made.missed = informer_.audit().missed.total();
  made.relists = lists_ > 0 ? lists_ - 1 : 0;
  if (made.open > 0) made.opened.add(opened_.first);
  made.received = received_;
  return made;
}

}  // namespace k8scale::observe
