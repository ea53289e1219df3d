#include "watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "answers.h"

namespace k8scale::apiserver {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto bookmark_period = std::chrono::minutes(1);
constexpr auto last_bookmark_before_end = std::chrono::seconds(2);
// How long kube-apiserver waits for a version to come that a WatchList wants.
constexpr auto longest_wait_for_version = std::chrono::seconds(3);
constexpr auto version_check_period = std::chrono::milliseconds(50);
// What is written at a time; so much of a slow reader's events is in memory.
constexpr std::size_t most_at_a_time = 16 * 1024;

std::chrono::nanoseconds timeout_of(const WatchOptions& options, base::Random& random) {
  if (options.timeout) return *options.timeout;
  constexpr double least = 30 * 60;
  return base::from_seconds(least * (1 + random.uniform()));
}

FrameForm first_form(const Call& call) {
  if (call.view != View::table)
    return {call.view, call.encoding, RowObject::metadata, TableHead::without_columns};
  return {call.view, call.encoding, row_object(call), TableHead::with_columns};
}

class Watch {
 public:
  Watch(WatchContext& context, const Call& call, const WatchOptions& options, net::Responder& responder,
        WatchEnd end);
  ~Watch() { responder_.when_client_goes(nullptr); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  [[nodiscard]] net::Task<void> run();

 private:
  enum class Progress { up_to_date, more, lost };

  [[nodiscard]] net::Task<bool> show_present();
  [[nodiscard]] net::Task<void> show_changes();
  [[nodiscard]] net::Task<void> wait_for_version();
  [[nodiscard]] net::Task<bool> send();
  [[nodiscard]] bool append_present(Key& next);
  [[nodiscard]] Progress append_changes();
  [[nodiscard]] bool append_event(const Event& event);
  void append_what_is_due();
  void schedule_bookmark();
  [[nodiscard]] FrameForm form_of_next();
  [[nodiscard]] bool matches(const ObjectPointer& object) const;
  [[nodiscard]] bool ended() const;

  WatchContext& context_;
  const Store& store_;
  const Call& call_;
  const WatchOptions& options_;
  net::Responder& responder_;
  std::size_t index_;
  FrameForm form_;
  Watches::Member member_;
  EventTampering tampering_;
  WatchEnd end_kind_;
  base::SteadyTime end_;
  base::SteadyTime next_bookmark_;
  base::Nanoseconds pause_{0};
  bool client_gone_ = false;
  std::string pending_;
};

Watch::Watch(WatchContext& context, const Call& call, const WatchOptions& options, net::Responder& responder,
             WatchEnd end)
    : context_(context),
      store_(context.core.store),
      call_(call),
      options_(options),
      responder_(responder),
      index_(context.core.table.index_of(*call.resource)),
      form_(first_form(call)),
      member_(context.watches, index_),
      tampering_(context.faults, *call.resource),
      end_kind_(end),
      end_(Clock::now() + timeout_of(options_, context.random)) {
  schedule_bookmark();
  responder_.when_client_goes([this] {
    client_gone_ = true;
    context_.watches.wake(member_);
  });
}

bool Watch::matches(const ObjectPointer& object) const {
  if (!object) return false;
  const bool in_namespace =
      call_.namespace_name.empty() || object->key().namespace_name == call_.namespace_name;
  return in_namespace && options_.labels.matches(object->labels()) && options_.fields.matches(*object);
}

bool Watch::ended() const {
  return client_gone_ || context_.stopped.raised() || responder_.stopping() || Clock::now() >= end_;
}

void Watch::schedule_bookmark() {
  const base::SteadyTime now = Clock::now();
  next_bookmark_ = std::min<base::SteadyTime>(now + bookmark_period, end_ - last_bookmark_before_end);
  if (!options_.bookmarks || next_bookmark_ <= now) next_bookmark_ = base::SteadyTime::max();
}

FrameForm Watch::form_of_next() {
  const FrameForm form = form_;
  form_.table_head = TableHead::without_columns;
  return form;
}

// Goes on at `next`; whether there is more.
bool Watch::append_present(Key& next) {
  bool more = false;
  const auto visit = [&](const ObjectPointer& object) {
    const Key& key = object->key();
    if (!call_.namespace_name.empty() && key.namespace_name != call_.namespace_name) return false;
    more = pending_.size() >= most_at_a_time;
    if (more) {
      next = key;
      return false;
    }
    if (matches(object)) {
      pending_ += object_frame(context_.core, *call_.resource, EventType::added, object, form_of_next());
    }
    return true;
  };
  store_.scan(index_, member_.seen, {next.namespace_name, next.name}, visit);
  return more;
}

// An object that begins or ceases to match is one that appears or goes. False: not yet.
bool Watch::append_event(const Event& event) {
  if (event.resource != index_) return true;
  const bool before = matches(event.previous);
  const bool after = matches(event.current);
  if (!before && !after) return true;
  pause_ = tampering_.delay_of_next();
  if (pause_.count() > 0) return false;
  EventType type = before ? EventType::modified : EventType::added;
  if (!after) type = EventType::deleted;
  const ObjectPointer& object = after ? event.current : event.previous;
  const FrameForm form = form_of_next();
  tampering_.put(context_.frames.frame(*call_.resource, type, object, event.revision, form), pending_);
  return true;
}

Watch::Progress Watch::append_changes() {
  if (member_.seen < store_.oldest_revision(index_)) return Progress::lost;
  std::uint64_t next = member_.seen + 1;
  if (!store_.events().empty()) next = std::max(next, store_.events().front().revision);
  for (; next <= store_.revision(); ++next) {
    if (pending_.size() >= most_at_a_time || tampering_.drops()) return Progress::more;
    const bool done = append_event(store_.event_at(next));
    if (!done) return Progress::more;
    member_.seen = next;
  }
  return Progress::up_to_date;
}

void Watch::append_what_is_due() {
  const base::SteadyTime now = Clock::now();
  if (now < next_bookmark_ && now < tampering_.held_until()) return;
  tampering_.give_up_holding(pending_);
  if (now < next_bookmark_) return;
  pending_ +=
      bookmark_frame(context_.core, *call_.resource, member_.seen, BookmarkKind::periodic, form_of_next());
  schedule_bookmark();
}

net::Task<bool> Watch::send() {
  if (pending_.empty()) co_return true;
  if (end_kind_ == WatchEnd::cut) pending_.resize(pending_.size() / 2);
  const std::string bytes = std::exchange(pending_, std::string());
  const base::Result<void> sent = co_await responder_.write(bytes);
  if (end_kind_ == WatchEnd::cut) responder_.reset();
  co_return sent.has_value() && end_kind_ == WatchEnd::regular;
}

net::Task<void> Watch::wait_for_version() {
  const base::SteadyTime deadline = Clock::now() + longest_wait_for_version;
  while (store_.revision() < options_.revision && Clock::now() < deadline && !ended()) {
    static_cast<void>(co_await context_.stopped.wait_until(Clock::now() + version_check_period));
  }
}

// False: the watch is over, or its connection.
net::Task<bool> Watch::show_present() {
  Key next{call_.namespace_name, ""};
  bool more = true;
  while (more) {
    if (member_.seen < store_.oldest_revision(index_) || ended()) co_return false;
    more = append_present(next);
    if (!more && options_.bookmarks) {
      pending_ += bookmark_frame(context_.core, *call_.resource, member_.seen,
                                 BookmarkKind::end_of_initial_events, form_of_next());
    }
    const bool sent = co_await send();
    if (!sent) co_return false;
  }
  co_return true;
}

net::Task<void> Watch::show_changes() {
  while (!ended()) {
    const Progress progress = append_changes();
    if (progress == Progress::lost) break;
    if (progress == Progress::up_to_date) append_what_is_due();
    const bool wrote = !pending_.empty();
    const bool sent = co_await send();
    if (!sent) break;
    if (tampering_.drops()) {
      responder_.reset();
      break;
    }
    if (pause_.count() > 0) {
      static_cast<void>(co_await context_.stopped.wait_until(std::min(end_, Clock::now() + pause_)));
    } else if (!wrote && progress == Progress::up_to_date) {
      const base::SteadyTime moment = std::min(next_bookmark_, tampering_.held_until());
      co_await context_.watches.rest(member_, std::min(end_, moment));
    }
  }
}

net::Task<void> Watch::run() {
  if (options_.initial_events) co_await wait_for_version();
  const bool from_present = options_.initial_events || options_.revision == 0;
  member_.seen = from_present ? store_.revision() : options_.revision;
  const std::uint64_t oldest = store_.oldest_revision(index_);
  if (options_.revision > store_.revision()) {
    pending_ =
        error_frame(context_.core, version_too_large(options_.revision, store_.revision()), form_.encoding);
  } else if (member_.seen < oldest) {
    const Refusal too_old = expired(fmt::format("too old resource version: {} ({})", member_.seen, oldest));
    pending_ = error_frame(context_.core, too_old, form_.encoding);
  } else {
    bool open = true;
    if (options_.initial_events) open = co_await show_present();
    if (open) co_await show_changes();
    tampering_.give_up_holding(pending_);
  }
  // Both fail at once when the connection is no more.
  const bool sent = co_await send();
  if (!sent) co_return;
  const base::Result<void> finished = co_await responder_.finish();
  static_cast<void>(finished);
}

}  // namespace

net::Task<void> watch(WatchContext& context, const Call& call, const WatchOptions& options,
                      net::Responder& responder, net::ResponseHead head, WatchEnd end) {
  const base::Result<void> begun = co_await responder.begin(std::move(head));
  if (begun.has_error()) co_return;
  Watch running(context, call, options, responder, end);
  co_await running.run();
}

}  // namespace k8scale::apiserver
