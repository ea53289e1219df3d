#include "watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "list.h"
#include "selector.h"
#include "table.h"

namespace k8scale::apiserver {
namespace {

using Clock = std::chrono::steady_clock;

// What kube-apiserver gives a watch that names no timeout: 30 to 60 minutes. One value will do here.
constexpr auto default_timeout = std::chrono::minutes(30);
constexpr auto bookmark_period = std::chrono::minutes(1);
// How long a stopping server may go unnoticed.
constexpr auto stop_check_period = std::chrono::milliseconds(500);

struct Selection {
  const ResourceInfo& resource;
  std::size_t index = 0;
  std::string namespace_name;
  std::string name;
  LabelSelector labels;
  FieldSelector fields;

  [[nodiscard]] bool matches(const ObjectPointer& object) const {
    if (!object) return false;
    const Key& key = object->key();
    return (namespace_name.empty() || key.namespace_name == namespace_name) &&
           (name.empty() || key.name == name) && labels.matches(object->labels()) && fields.matches(*object);
  }
};

std::chrono::seconds timeout_of(const Call& call) {
  const std::string_view text = call.option("timeoutSeconds");
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc() && seconds > 0 ? std::chrono::seconds(seconds) : default_timeout;
}

// Writes the events of one watch.
class Watch {
 public:
  Watch(const Core& core, const Call& call, Selection selection, net::Responder& responder)
      : core_(core), call_(call), selection_(std::move(selection)), responder_(responder) {}

  [[nodiscard]] net::Task<void> run(std::optional<std::uint64_t> from, net::Signal& changed);

 private:
  void append(std::string_view type, std::string_view object);
  void append_object(std::string_view type, const ObjectPointer& object, std::uint64_t revision);
  void append_existing();
  void append_event(const Event& event);
  void append_bookmark(bool initial_events_end);
  void append_expired();
  [[nodiscard]] bool append_changes();
  [[nodiscard]] net::Task<bool> send();

  const Core& core_;
  const Call& call_;
  Selection selection_;
  net::Responder& responder_;
  std::string pending_;
  std::uint64_t seen_ = 0;
};

void Watch::append(std::string_view type, std::string_view object) {
  fmt::format_to(std::back_inserter(pending_), R"({{"type":"{}","object":)", type);
  pending_ += object;
  pending_ += "}\n";
}

void Watch::append_object(std::string_view type, const ObjectPointer& object, std::uint64_t revision) {
  const bool current = object->revision() == revision;
  if (call_.view == View::object) {
    append(type, current ? object->encoded() : object->encoded_at(revision));
    return;
  }
  Json document = object->document();
  document["metadata"]["resourceVersion"] = std::to_string(revision);
  if (call_.view == View::metadata_only) {
    append(type, to_text(metadata_only(document)));
    return;
  }
  const auto shown = std::make_shared<const Object>(std::move(document), revision);
  const Json metadata = {{"resourceVersion", std::to_string(revision)}};
  append(type, table_text(selection_.resource, {&shown, 1}, metadata, RowObject::metadata, core_.clock()));
}

void Watch::append_existing() {
  for (const auto& [key, object] : core_.store.objects(selection_.index)) {
    if (selection_.matches(object)) append_object("ADDED", object, object->revision());
  }
}

// An object that begins or ceases to match is one that appears or goes.
void Watch::append_event(const Event& event) {
  if (event.resource != selection_.index) return;
  const bool before = selection_.matches(event.previous);
  const bool after = selection_.matches(event.current);
  if (after) {
    append_object(before ? "MODIFIED" : "ADDED", event.current, event.revision);
  } else if (before) {
    append_object("DELETED", event.previous, event.revision);
  }
}

void Watch::append_bookmark(bool initial_events_end) {
  Json metadata = {{"resourceVersion", std::to_string(seen_)}, {"creationTimestamp", nullptr}};
  if (initial_events_end) metadata["annotations"] = {{"k8s.io/initial-events-end", "true"}};
  append("BOOKMARK", to_text({{"kind", selection_.resource.kind},
                              {"apiVersion", selection_.resource.api_version()},
                              {"metadata", std::move(metadata)}}));
}

void Watch::append_expired() {
  append(
      "ERROR",
      to_text(expired(fmt::format("too old resource version: {} ({})", seen_, core_.store.oldest_revision()))
                  .status()));
}

// False when the past is no longer known.
bool Watch::append_changes() {
  if (seen_ < core_.store.oldest_revision()) {
    append_expired();
    return false;
  }
  const auto& events = core_.store.events();
  const auto first =
      std::upper_bound(events.begin(), events.end(), seen_,
                       [](std::uint64_t revision, const Event& event) { return revision < event.revision; });
  for (auto event = first; event != events.end(); ++event) append_event(*event);
  seen_ = core_.store.revision();
  return true;
}

net::Task<bool> Watch::send() {
  std::string bytes;
  bytes.swap(pending_);
  const base::Result<void> sent = co_await responder_.write(bytes);
  co_return sent.has_value();
}

net::Task<void> Watch::run(std::optional<std::uint64_t> from, net::Signal& changed) {
  const base::SteadyTime end = Clock::now() + timeout_of(call_);
  const bool bookmarks = call_.option("allowWatchBookmarks") == "true";
  const bool initial = call_.option("sendInitialEvents") == "true";
  base::SteadyTime next_bookmark = Clock::now() + bookmark_period;
  seen_ = from.value_or(core_.store.revision());
  if (!from || initial) {
    seen_ = core_.store.revision();
    append_existing();
    if (initial && bookmarks) append_bookmark(true);
  }
  bool open = true;
  while (open && Clock::now() < end && !responder_.stopping()) {
    open = append_changes();
    if (bookmarks && Clock::now() >= next_bookmark) {
      append_bookmark(false);
      next_bookmark = Clock::now() + bookmark_period;
    }
    if (!pending_.empty()) {
      const bool sent = co_await send();
      if (!sent) co_return;
      continue;
    }
    static_cast<void>(co_await changed.wait_until(std::min(end, Clock::now() + stop_check_period)));
  }
  if (!pending_.empty()) {
    const bool sent = co_await send();
    if (!sent) co_return;
  }
  const base::Result<void> finished = co_await responder_.finish();
  static_cast<void>(finished);
}

}  // namespace

Answer<void> check_watch(const Core& core, const Call& call) {
  const Answer<LabelSelector> labels = LabelSelector::parse(call.option("labelSelector"));
  if (!labels) return labels.error();
  const Answer<FieldSelector> fields = FieldSelector::parse(call.option("fieldSelector"), *call.resource);
  if (!fields) return fields.error();
  const std::string_view version = call.option("resourceVersion");
  const std::optional<std::uint64_t> revision = parse_revision(version);
  if (!version.empty() && !revision) {
    return bad_request(
        fmt::format("resourceVersion: Invalid value: \"{}\": expected a decimal number", version));
  }
  if (revision && *revision > core.store.revision())
    return version_too_large(*revision, core.store.revision());
  return {};
}

net::Task<void> watch(const Core& core, const Call& call, net::Responder& responder, net::ResponseHead head,
                      net::Signal& changed) {
  Selection selection{*call.resource,
                      core.table.index_of(*call.resource),
                      call.namespace_name,
                      call.name,
                      LabelSelector::parse(call.option("labelSelector")).value(),
                      FieldSelector::parse(call.option("fieldSelector"), *call.resource).value()};
  std::optional<std::uint64_t> from = parse_revision(call.option("resourceVersion"));
  if (from == 0U) from.reset();
  const base::Result<void> begun = co_await responder.begin(std::move(head));
  if (begun.has_error()) co_return;
  Watch running(core, call, std::move(selection), responder);
  co_await running.run(from, changed);
}

}  // namespace k8scale::apiserver
