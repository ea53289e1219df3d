#include "k8scale/kube/reflector.h"

#include <algorithm>

#include "k8scale/base/log.h"
#include "kube/reflector_state.h"

namespace k8scale::kube {
namespace {

using Clock = std::chrono::steady_clock;

// How long after its own timeout a watch is given up.
constexpr auto watch_grace = std::chrono::seconds(30);

// A server that streams a list sends each object alone. To wake for each costs more than all the rest, so
// what comes while a list is not whole is left to gather.
constexpr auto gathering_time = std::chrono::milliseconds(2);
constexpr std::size_t worth_a_wake = 16 * 1024;
constexpr std::size_t many_bytes = 256 * 1024;  // more than come in that time

Ending lost(const base::Failure& failure) {
  Ending ending;
  ending.kind = Ending::Kind::lost;
  ending.reason = base::name(failure.kind());
  ending.detail = failure.message();
  return ending;
}

Ending refused(Status status) {
  Ending ending;
  ending.kind = Ending::Kind::refused;
  ending.status = std::move(status);
  return ending;
}

Ending stalled(std::string_view detail) {
  Ending ending;
  ending.kind = Ending::Kind::stalled;
  ending.detail = detail;
  return ending;
}

}  // namespace

Reflector::State::State(net::Shard& on, Client& with, Collection what, ReflectorOptions how,
                        ReflectorSink& to, base::Random random_source)
    : shard(on),
      client(with),
      collection(std::move(what)),
      options(std::move(how)),
      sink(to),
      random(random_source),
      backoff(options.times),
      stopped(on),
      step(options.start_version.empty() ? Step::list : Step::watch),
      version(options.start_version),
      version_lost(options.after_watch == AfterWatch::list_again),
      stream_lists(options.stream_lists),
      encoding(options.encoding) {}

// Holds the state, so that a shard that ends with coroutines in it may do so after the reflector.
net::Task<void> Reflector::State::run(std::shared_ptr<State> self) {
  while (!self->stopped.raised()) {
    self->began = Clock::now();
    self->told = 0;
    self->news = false;
    self->opened = false;
    const Ending ending = co_await self->take_step();
    if (self->stopped.raised()) break;
    const base::SteadyTime now = Clock::now();
    self->report(ending, now);
    if (self->gives_up(ending)) break;
    const base::Nanoseconds pause = self->plan(ending, now);
    if (pause > base::Nanoseconds(0)) static_cast<void>(co_await self->stopped.wait_until(now + pause));
  }
}

net::Task<Ending> Reflector::State::take_step() {
  if (step == Step::watch) return watch(InitialEvents::no);
  return stream_lists ? watch(InitialEvents::yes) : list();
}

// As in client-go: the first list takes what the server's cache has; later ones go on from there.
std::string_view Reflector::State::list_version() const {
  if (version_lost) return "";
  return version.empty() ? "0" : std::string_view(version);
}

void Reflector::State::begin_list() {
  listing = true;
  list_whole = false;
  sink.list_begun();
}

void Reflector::State::end_list(std::string_view resource_version) {
  end_trial();
  listing = false;
  list_whole = true;
  version_lost = false;
  too_large_in_a_row = 0;
  version = resource_version;
  ++counters.lists;
  sink.list_ended(version);
}

net::Task<Ending> Reflector::State::list() {
  resuming = false;
  begin_list();
  ListStart start;
  start.resource_version = list_version();
  // A page of a certain version would have to be exactly that version.
  if (start.resource_version.empty() || start.resource_version == "0") start.limit = options.page_size;
  Ending ending = co_await read_pages(start);
  const bool expired = ending.kind == Ending::Kind::refused && ending.status.code == 410;
  if (expired && !list_token.empty() && start.limit > 0) {
    ++counters.expired;
    start.limit = 0;
    begin_list();
    ending = co_await read_pages(start);
  }
  co_return ending;
}

net::Task<Ending> Reflector::State::read_pages(ListStart start) {
  list_token.clear();
  while (!list_whole) {
    const std::string token = list_token;
    start.continue_token = token;
    if (!token.empty()) start.resource_version = "";
    StreamRequest request;
    request.query = list_query(options, start);
    request.accept = accept_list(encoding, options.metadata_only);
    request.gzip = options.gzip;
    request.cancellation = &cancellation;
    StreamAnswer answer = co_await client.open_stream(collection, request);
    if (answer.failure) co_return lost(*answer.failure);
    if (answer.status) co_return refused(std::move(*answer.status));
    Body body(*answer.stream, Body::Kind::list, client.shared_by_reflectors(), options.annotations);
    note_encoding(body.encoding());
    Ending ending = co_await read(*answer.stream, body, base::SteadyTime::max());
    if (ending.kind != Ending::Kind::complete || stopped.raised()) co_return ending;
  }
  co_return Ending();
}

net::Task<Ending> Reflector::State::watch(InitialEvents initial) {
  const bool lists = initial == InitialEvents::yes;
  if (lists) begin_list();
  const double stretch = 1 + random.uniform();
  const auto timeout =
      std::chrono::duration_cast<std::chrono::seconds>(options.times.shortest_watch * stretch);
  const std::string_view from = lists && version_lost ? std::string_view() : version;
  StreamRequest request;
  request.query = watch_query(options, from, initial, timeout);
  request.accept = accept_watch(encoding, options.metadata_only);
  request.gzip = lists && options.gzip;
  request.cancellation = &cancellation;
  StreamAnswer answer = co_await client.open_stream(collection, request);
  if (answer.failure) co_return lost(*answer.failure);
  if (answer.status) co_return refused(std::move(*answer.status));
  ++counters.watches;
  opened = !lists;
  sink.watch_opened(Clock::now());
  if (!lists && resuming) ++counters.resumes;
  resuming = true;
  Body body(*answer.stream, Body::Kind::watch, client.shared_by_reflectors(), options.annotations);
  note_encoding(body.encoding());
  Ending ending = co_await read(*answer.stream, body, Clock::now() + timeout + watch_grace);
  sink.watch_closed();
  co_return ending;
}

// A server that does not know streamed lists may go on with events for ever. (Events that change or delete
// what was listed are no sign of that: they come before the list is whole too.)
base::Nanoseconds Reflector::State::time_to_read(base::SteadyTime deadline) const {
  const base::SteadyTime now = Clock::now();
  if (!listing) return deadline - now;
  return std::min(options.times.list_progress, began + options.times.list_whole - now);
}

net::Task<Ending> Reflector::State::read(net::ResponseStream& stream, Body& body, base::SteadyTime deadline) {
  const bool streamed = deadline != base::SteadyTime::max();
  for (;;) {
    base::Nanoseconds limit = options.times.page_progress;
    if (streamed) limit = time_to_read(deadline);
    const base::Result<std::string_view> bytes =
        co_await stream.read_some(std::max(limit, base::Nanoseconds(1)));
    if (stopped.raised()) co_return Ending();
    if (bytes.has_error()) {
      const bool timed_out = bytes.error().kind() == base::FailureKind::timeout;
      if (timed_out && streamed && listing) co_return stalled("a streamed list is not whole in time");
      if (timed_out && streamed) co_return Ending();
      co_return lost(bytes.error());
    }
    const base::SteadyTime received = Clock::now();
    counters.bytes += bytes->size();
    const bool ended = bytes->empty();
    if (!ended) body.put(*bytes);
    std::optional<Ending> ending = take_all(body, received);
    if (!ending && ended) ending = take(body.finish(), body, received);
    if (ending) co_return std::move(*ending);
    if (!ended && listing && bytes->size() < worth_a_wake) {
      stream.wake_at(many_bytes);
      static_cast<void>(co_await stopped.wait_until(received + gathering_time));
      stream.wake_at(1);
    }
    if (!ended) continue;
    if (streamed && listing) co_return stalled("a streamed list ended before it was whole");
    co_return Ending();
  }
}

std::optional<Ending> Reflector::State::take_all(Body& body, base::SteadyTime received) {
  std::optional<Ending> ending;
  while (!ending) {
    const Finding finding = body.next();
    if (finding.kind == Finding::Kind::nothing) break;
    ending = take(finding, body, received);
  }
  return ending;
}

std::optional<Ending> Reflector::State::take(const Finding& finding, const Body& body,
                                             base::SteadyTime received) {
  ++told;
  switch (finding.kind) {
    case Finding::Kind::nothing:
      --told;
      return std::nullopt;
    case Finding::Kind::item:
      end_trial();
      sink.listed(finding.object, received);
      return std::nullopt;
    case Finding::Kind::list_end:
      list_token = finding.continue_token;
      if (list_token.empty()) end_list(finding.object.resource_version);
      return Ending();
    case Finding::Kind::change:
      end_trial();
      take_change(finding, received);
      return std::nullopt;
    case Finding::Kind::bookmark:
      return take_bookmark(finding);
    case Finding::Kind::refusal: {
      Ending ending = refused(body.refusal());
      ending.in_stream = true;
      return ending;
    }
    case Finding::Kind::garbage:
      break;
  }
  Ending ending;
  ending.kind = Ending::Kind::garbage;
  ending.detail = finding.problem;
  return ending;
}

void Reflector::State::end_trial() {
  if (!json_on_trial) return;
  json_on_trial = false;
  tell_encoding();
}

void Reflector::State::note_encoding(Encoding found) {
  if (found == encoding) return;
  encoding = found;
  tell_encoding();
}

void Reflector::State::tell_encoding() {
  const std::string kind = "encoding of " + collection.qualified();
  if (!client.shared_by_reflectors().logged->may_log(kind, Clock::now(), base::Nanoseconds::max())) return;
  base::log_warning("the server has no protobuf for " + collection.qualified() + ": going on with JSON");
}

void Reflector::State::take_change(const Finding& finding, base::SteadyTime received) {
  if (listing && finding.type != EventType::deleted) {
    sink.listed(finding.object, received);
    return;
  }
  if (!listing) go_on_to(finding.object.resource_version);
  sink.changed(finding.type, finding.object, received);
}

std::optional<Ending> Reflector::State::take_bookmark(const Finding& finding) {
  ++counters.bookmarks;
  if (listing) {
    // The first one ends the list, where the server knows of that.
    if (!finding.initial_events_end) return stalled("a streamed list has a bookmark that does not end it");
    end_list(finding.object.resource_version);
    return std::nullopt;
  }
  go_on_to(finding.object.resource_version);
  sink.bookmark(version);
  return std::nullopt;
}

void Reflector::State::go_on_to(std::string_view resource_version) {
  news = news || version != resource_version;
  version = resource_version;
}

Reflector::Reflector(net::Shard& shard, Client& client, Collection collection, ReflectorOptions options,
                     ReflectorSink& sink, base::Random random)
    : state_(
          std::make_shared<State>(shard, client, std::move(collection), std::move(options), sink, random)) {}

Reflector::~Reflector() = default;

net::Task<void> Reflector::run() { return State::run(state_); }

void Reflector::stop() {
  state_->stopped.raise();
  state_->cancellation.cancel();
}

const ReflectorCounters& Reflector::counters() const { return state_->counters; }

const std::optional<ReflectorFailure>& Reflector::failure() const { return state_->failure; }

}  // namespace k8scale::kube
