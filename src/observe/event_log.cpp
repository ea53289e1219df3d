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
  note_latency(type, object, received);
  write_(fmt::format("{} {}{}{} version {}", name(type), object.namespace_name,
                     object.namespace_name.empty() ? "" : "/", object.name, object.resource_version));
}

void EventLog::note_latency(kube::EventType type, const kube::ObjectView& object, base::SteadyTime received) {
  if (type == kube::EventType::deleted || object.annotations.size() != 2) return;
  const bool created = type == kube::EventType::added;
  const auto stamp = base::parse_zoned_millis(object.annotations[created ? 0 : 1]);
  if (!stamp) return;
  const Moment now = clock_();
  (created ? create_latency_ : update_latency_).record(now.wall - *stamp - (now.steady - received));
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
  const EventCounts& events = informer_.events();
  made.events = made.versions = events.of_watch();
  made.added = events.added;
  made.modified = events.modified;
  made.deleted = events.deleted;
  made.create_latency = create_latency_;
  made.update_latency = update_latency_;
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
