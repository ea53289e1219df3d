#include "k8scale/load/start_barrier.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "k8scale/base/log.h"
#include "k8scale/base/text.h"
#include "k8scale/measure/report.h"
#include "k8scale/measure/run_part.h"

namespace k8scale::load {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr std::string_view run_key = "run";
constexpr std::string_view start_key = "start";
constexpr std::string_view part_prefix = "part-";
constexpr int most_tries_to_withdraw = 5;

std::string now_text() { return measure::rfc3339_millis(std::chrono::system_clock::now()); }

// The part of a key "part-3.TOKEN"; 0 for another key.
std::uint64_t part_of(std::string_view key) {
  if (!key.starts_with(part_prefix)) return 0;
  key.remove_prefix(part_prefix.size());
  std::uint64_t part = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), part);
  return error == std::errc() && end != key.data() + key.size() && *end == '.' ? part : 0;
}

std::string patch_text(std::string_view key, const Json& value, std::string_view resource_version = {}) {
  Json patch = {{"data", {{key, value}}}};
  if (!resource_version.empty()) patch["metadata"]["resourceVersion"] = resource_version;
  return patch.dump();
}

std::string only_version(std::string_view resource_version) {
  return Json{{"preconditions", {{"resourceVersion", resource_version}}}}.dump();
}

}  // namespace

StartBarrier::StartBarrier(net::Shard& shard, kube::Client& client, std::string_view namespace_name,
                           Options options)
    : shard_(shard),
      client_(client),
      collection_(kube::config_maps(), namespace_name),
      options_(std::move(options)),
      name_(options_.run_id + "-start"),
      key_(fmt::format("{}{}.{}", part_prefix, options_.part.index, options_.token)),
      stop_(shard),
      observe_([this](const kube::Attempt& attempt) { clock_.add(attempt); }) {}

// What one key of the ConfigMap's data says.
void StartBarrier::read_key(std::string_view key, const std::string& value, View& view) const {
  if (key == run_key) view.run = value;
  if (key == start_key) view.start = base::parse_rfc3339(value);
  const std::uint64_t part = part_of(key);
  if (part == 0 || part > options_.part.count) return;
  view.empty = false;
  std::erase(view.missing, part);
  if (key == key_) view.joined = true;
  if (part == options_.part.index && key != key_) view.rival = value;
}

StartBarrier::View StartBarrier::view_of(const RunObject& object) const {
  View view;
  view.resource_version = object.resource_version;
  if (is_of_former_job(object, options_.owner)) view.former = object.uid;
  view.missing.resize(options_.part.count);
  std::iota(view.missing.begin(), view.missing.end(), 1);
  for (const auto& [key, value] : object.data) read_key(key, value, view);
  return view;
}

void StartBarrier::note(const kube::Answer& answer) {
  not_found_ = answer.not_found();
  conflict_ = answer.conflict();
  trouble_ = answer.error();
  hopeless_ = !answer.ok() && !answer.may_do_better() && !conflict_;
}

// Nothing when it failed: then `trouble_` says why.
net::Task<std::optional<StartBarrier::View>> StartBarrier::ask(net::Task<kube::Answer> call) {
  const kube::Answer answer = co_await std::move(call);
  note(answer);
  if (!answer.ok()) co_return std::nullopt;
  const std::optional<RunObject> object = parse_run_object(answer.body);
  if (!object) trouble_ = "the server's answer is no ConfigMap";
  if (!object) co_return std::nullopt;
  co_return view_of(*object);
}

net::Task<std::optional<StartBarrier::View>> StartBarrier::patch(std::string body) {
  co_return co_await ask(
      client_.patch(collection_, name_, kube::PatchType::merge, std::move(body), {}, observe_));
}

net::Task<void> StartBarrier::remove(std::string options) {
  const kube::Answer removed = co_await client_.remove(collection_, name_, std::move(options), observe_);
  note(removed);
}

// Makes the ConfigMap, or adds a key to it.
net::Task<std::optional<StartBarrier::View>> StartBarrier::try_to_join(std::string text) {
  vanished_ = false;
  std::optional<View> view = co_await ask(client_.create(collection_, name_, std::move(text), {}, observe_));
  const bool there_already = !view && conflict_;
  if (there_already) {
    std::string addition = patch_text(key_, now_text());
    view = co_await patch(std::move(addition));
    vanished_ = !view && not_found_;
  }
  const std::string former = view ? view->former : std::string();
  if (!former.empty()) {
    view.reset();
    std::string options = only_uid(former);
    co_await remove(std::move(options));
    vanished_ = trouble_.empty() || not_found_;
  }
  co_return view;
}

// Tries again what may do better.
net::Task<std::optional<StartBarrier::View>> StartBarrier::join() {
  RunObject object;
  object.name = name_;
  object.data = {{std::string(run_key), options_.run.dump()}, {key_, now_text()}};
  const std::string text = run_object_text(object, options_.run_id, Holds::start, options_.owner);
  for (;;) {
    std::optional<View> view = co_await try_to_join(text);
    joined_ = joined_ || view || !hopeless_;  // perhaps: the answer may have been lost
    if (view || (hopeless_ && !vanished_)) co_return view;
    const bool ended = co_await pause();
    if (ended) co_return std::nullopt;
  }
}

// True when there is no time for another look.
net::Task<bool> StartBarrier::pause() {
  const bool stopped = co_await stop_.wait_until(std::min(Clock::now() + options_.period, give_up_));
  co_return stopped || over();
}

bool StartBarrier::over() const { return Clock::now() >= give_up_; }

// Why this part cannot run with the others; empty when it can.
std::string StartBarrier::objection(const View& view) const {
  auto run = nlohmann::ordered_json::parse(view.run, nullptr, false);
  if (!run.is_object()) run = nlohmann::ordered_json::object();
  if (const auto others = measure::differences(options_.run, run); !others.empty()) {
    return fmt::format("part {} does not belong to run {}, which others began: {}", options_.part.index,
                       options_.run_id, fmt::join(others, ", "));
  }
  if (!view.rival.empty()) {
    return fmt::format(
        "part {} of run {} joined already, at {}: two processes are the same part, or one was "
        "killed and k8scale cleanup -runid {} removes what it left",
        options_.part.index, options_.run_id, view.rival, options_.run_id);
  }
  if (view.start && *view.start <= std::chrono::system_clock::now()) {
    return fmt::format("run {} began at {}, before part {} joined", options_.run_id,
                       measure::rfc3339_millis(*view.start), options_.part.index);
  }
  return {};
}

// Whoever finds all parts sets the start, unless another was faster. True when it is set.
net::Task<bool> StartBarrier::agree(View& view) {
  if (view.start || !view.missing.empty()) co_return view.start.has_value();
  const auto start =
      std::chrono::ceil<std::chrono::milliseconds>(std::chrono::system_clock::now() + options_.margin);
  std::string text = patch_text(start_key, measure::rfc3339_millis(start), view.resource_version);
  std::optional<View> now = co_await patch(std::move(text));
  start_trouble_ = now || conflict_ ? "" : trouble_;
  if (now) view = std::move(*now);
  co_return view.start.has_value();
}

Meeting StartBarrier::too_late(const View& view) const {
  const std::string& last = start_trouble_.empty() ? trouble_ : start_trouble_;
  const std::string trouble = last.empty() ? "" : "; the last error: " + last;
  if (view.missing.empty()) {
    return {
        {},
        fmt::format("no start was agreed on within {}{}", base::format_duration(options_.deadline), trouble)};
  }
  return {{},
          fmt::format("not all parts joined within {} (--start-deadline): missing {} of {}{}",
                      base::format_duration(options_.deadline), measure::numbers_text(view.missing),
                      options_.part.count, trouble)};
}

net::Task<Meeting> StartBarrier::wait_for_all(View view) {
  for (;;) {
    const bool agreed = co_await agree(view);
    if (agreed) co_return Meeting{view.start, {}};
    const bool refused = hopeless_ && !not_found_;
    if (refused) co_return Meeting{{}, fmt::format("ConfigMap {}: {}", name_, trouble_)};
    const bool ended = co_await pause();
    if (stop_.raised()) co_return Meeting();
    std::optional<View> now = co_await ask(client_.get(collection_, name_, observe_));
    if (now) view = std::move(*now);
    const bool removed = now ? !view.joined : not_found_;
    if (removed) co_return Meeting{{}, fmt::format("ConfigMap {} was removed before the run began", name_)};
    if (hopeless_) co_return Meeting{{}, fmt::format("ConfigMap {}: {}", name_, trouble_)};
    if (ended && !view.start) co_return co_await withdraw(std::move(view));
  }
}

// At the deadline: takes back that this part joined, unless a start was set meanwhile, which counts on it.
net::Task<Meeting> StartBarrier::withdraw(View view) {
  Meeting meeting = too_late(view);
  for (int tries = 0; tries < most_tries_to_withdraw; ++tries) {
    std::string removal = patch_text(key_, nullptr, view.resource_version);
    const std::optional<View> left = co_await patch(std::move(removal));
    if (left || not_found_) break;
    std::optional<View> now = co_await ask(client_.get(collection_, name_, observe_));
    if (now) view = std::move(*now);
    if (view.start) co_return Meeting{view.start, {}};
  }
  co_return meeting;
}

net::Task<Meeting> StartBarrier::meet() {
  give_up_ = Clock::now() + options_.deadline;
  std::optional<View> view = co_await join();
  Meeting meeting;
  if (view) {
    meeting.failure = objection(*view);
    if (meeting.failure.empty()) meeting = co_await wait_for_all(std::move(*view));
  } else if (!stop_.raised()) {
    meeting.failure = fmt::format("ConfigMap {}: {}", name_, trouble_);
  }
  if (!meeting.start) co_await leave();
  co_return meeting;
}

net::Task<void> StartBarrier::leave() {
  if (!std::exchange(joined_, false)) co_return;
  const base::SteadyTime end = Clock::now() + options_.longest_leave;
  for (;;) {
    std::string removal = patch_text(key_, nullptr);
    const std::optional<View> left = co_await patch(std::move(removal));
    const bool others_stay = left && !left->empty;
    if (others_stay || not_found_) co_return;
    if (left) {
      std::string options = only_version(left->resource_version);
      co_await remove(std::move(options));
      if (trouble_.empty() || not_found_) co_return;
    }
    if (Clock::now() + options_.period >= end) break;
    co_await net::sleep_for(options_.period);
  }
  base::log_warning(fmt::format("ConfigMap {} is left: {}; k8scale cleanup -runid {} removes it", name_,
                                trouble_, options_.run_id));
}

}  // namespace k8scale::load
