// What a reflector does after a list or a watch has ended, in client-go's manner.
#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/log.h"
#include "kube/reflector_state.h"

namespace k8scale::kube {
namespace {

constexpr auto log_period = std::chrono::seconds(10);
constexpr std::size_t longest_text = 512;

bool is_too_large(const Status& status) {
  const bool said = std::any_of(status.causes.begin(), status.causes.end(), [](const StatusCause& cause) {
    return cause.reason == "ResourceVersionTooLarge";
  });
  // Servers before 1.19 have no such cause.
  return said ||
         (status.code == 504 && status.message.find("Too large resource version") != std::string::npos);
}

bool is_expired(const Status& status) {
  return status.code == 410 || status.reason == "Expired" || status.reason == "Gone";
}

// Of a server's words, as many as a line of the log has room for; not half a character of UTF-8.
std::string brief(std::string text) {
  if (text.size() <= longest_text) return text;
  std::size_t size = longest_text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return text.substr(0, size) + "…";
}

// Refusals of a watch that may be due to the version that it began at: the same would be refused for ever.
bool is_about_version(const Status& status) {
  return status.code >= 400 && status.code < 500 && status.code != 401 && status.code != 403;
}

// Refusals that say nothing about whether lists can be streamed.
bool may_stream_lists(const Status& status) {
  switch (status.code) {
    case 401:
    case 403:
    case 404:
    case 408:
    case 429:
      return true;
    default:
      return status.code >= 500;
  }
}

}  // namespace

base::Nanoseconds Reflector::State::pause_if_often(base::SteadyTime now) {
  const bool often = now - last_immediate < options.times.short_watch;
  last_immediate = now;
  return often ? backoff.next(now, random) : base::Nanoseconds(0);
}

// A server that names a short time, or none, is asked less and less often all the same.
base::Nanoseconds Reflector::State::pause_after_refusal(const Status& status, base::SteadyTime now) {
  const base::Nanoseconds wanted = status.retry_after.value_or(std::chrono::seconds(0));
  return std::max(wanted, backoff.next(now, random));
}

bool Reflector::State::gives_up(const Ending& ending) {
  const bool unknown = ending.kind == Ending::Kind::refused && ending.status.code == 404 &&
                       options.gives_up_on_unknown && counters.lists == 0;
  if (!unknown && (options.after_watch == AfterWatch::resume || opened)) return false;
  if (ending.kind == Ending::Kind::complete || ending.kind == Ending::Kind::stalled) return false;
  const bool refused = ending.kind == Ending::Kind::refused;
  const bool no_protobuf = refused && ending.status.code == 406 && encoding == Encoding::protobuf;
  if (no_protobuf || (refused && ending.status.retry_after)) return false;
  failure = {step == Step::watch ? ReflectorFailure::Step::watch : ReflectorFailure::Step::list,
             refused ? brief(ending.status.text()) : ending.detail};
  return true;
}

// An aggregated server may promise protobuf for objects that have none: it ends the watch instead of telling
// of them. JSON is on trial then, until it tells something; when it does not, nothing speaks against
// protobuf.
bool Reflector::State::protobuf_seems_broken(base::SteadyTime now) {
  const bool silent = told == 0 && now - began < options.times.shortest_watch;
  if (json_on_trial) {
    json_on_trial = false;
    encoding = Encoding::protobuf;
    silent_ends = 0;
    return false;
  }
  if (!silent || encoding != Encoding::protobuf) return false;
  if (++silent_ends < 2 && step == Step::watch) return false;
  json_on_trial = true;
  encoding = Encoding::json;
  return true;
}

base::Nanoseconds Reflector::State::plan(const Ending& ending, base::SteadyTime now) {
  const bool listed = step == Step::watch || list_whole;
  const bool begins_anew = opened && options.after_watch == AfterWatch::list_again;
  step = listed && !begins_anew ? Step::watch : Step::list;
  version_lost = version_lost || begins_anew;
  const bool short_lived = told == 0 && now - began < options.times.short_watch;
  if (told > 0) silent_ends = 0;
  if (news) backoff.forget();
  switch (ending.kind) {
    case Ending::Kind::complete:
      if (protobuf_seems_broken(now)) return base::Nanoseconds(0);
      return short_lived ? backoff.next(now, random) : base::Nanoseconds(0);
    case Ending::Kind::lost:
      if (news) return base::Nanoseconds(0);
      return short_lived || !listed ? backoff.next(now, random) : pause_if_often(now);
    case Ending::Kind::stalled:
      if (protobuf_seems_broken(now)) return base::Nanoseconds(0);
      stream_lists = false;
      return base::Nanoseconds(0);
    case Ending::Kind::garbage:
      return plan_after_garbage(now);
    case Ending::Kind::refused:
      break;
  }
  return plan_after_refusal(ending, now);
}

// A watch that finds garbage in the same place again is given up for a list.
base::Nanoseconds Reflector::State::plan_after_garbage(base::SteadyTime now) {
  ++counters.garbage;
  if (step == Step::watch && garbage_after == version) step = Step::list;
  garbage_after = version;
  return backoff.next(now, random);
}

base::Nanoseconds Reflector::State::plan_after_refusal(const Ending& ending, base::SteadyTime now) {
  const Status& status = ending.status;
  if (is_expired(status)) {
    ++counters.expired;
    if (step == Step::list) version_lost = true;
    step = Step::list;
    return pause_if_often(now);
  }
  if (is_too_large(status)) return plan_too_large(status, now);
  if (status.code == 406 && encoding == Encoding::protobuf) {
    note_encoding(Encoding::json);
    return base::Nanoseconds(0);
  }
  if (status.code == 429 || status.code >= 500) {
    return pause_after_refusal(status, now);
  }
  if (step == Step::list && stream_lists && !ending.in_stream && !may_stream_lists(status)) {
    stream_lists = false;
    return base::Nanoseconds(0);
  }
  if (ending.in_stream) step = Step::list;
  if (step == Step::watch && is_about_version(status)) {
    step = Step::list;
    version_lost = true;
  }
  return backoff.next(now, random);
}

// The server has not caught up yet, or never will: it was restored from a backup.
base::Nanoseconds Reflector::State::plan_too_large(const Status& status, base::SteadyTime now) {
  ++too_large_in_a_row;
  if (too_large_in_a_row == 1 && status.retry_after) return pause_after_refusal(status, now);
  const bool again = version_lost;
  version_lost = true;
  step = Step::list;
  return again ? backoff.next(now, random) : base::Nanoseconds(0);
}

// What a server of before streamed lists answers, and nothing is wrong with it.
bool Reflector::State::is_fallback(const Ending& ending) const {
  return step == Step::list && stream_lists && ending.kind == Ending::Kind::refused && !ending.in_stream &&
         ending.status.code == 422;
}

void Reflector::State::report(const Ending& ending, base::SteadyTime now) {
  if (is_fallback(ending)) {
    base::log_verbose(
        2, fmt::format("no streamed lists of {}: {}", collection.qualified(), brief(ending.status.text())));
    return;
  }
  std::string_view kind = ending.reason;
  std::string text = ending.detail;
  base::Nanoseconds often = log_period;
  switch (ending.kind) {
    case Ending::Kind::complete:
      return;
    case Ending::Kind::refused:
      kind = ending.status.reason;
      text = brief(ending.status.text());
      break;
    case Ending::Kind::garbage:
      kind = ending.detail;
      often = base::Nanoseconds::max();
      break;
    case Ending::Kind::stalled:
      kind = "stalled";
      break;
    case Ending::Kind::lost:
      break;
  }
  const bool garbage = ending.kind == Ending::Kind::garbage;
  const std::string_view counted = count_error(counters.errors, garbage ? "garbage" : kind);
  if (!garbage) kind = counted;
  const std::string_view what = step == Step::watch || list_whole ? "watch" : "list";
  const std::string line = fmt::format("{} of {}: {}", what, collection.qualified(), text);
  if (client.shared_by_reflectors().logged->may_log(kind, now, often)) {
    base::log_warning(line);
  } else {
    base::log_verbose(2, line);
  }
}

}  // namespace k8scale::kube
