#include "k8scale/load/object_lifecycle.h"

#include <algorithm>

#include "k8scale/base/text.h"

namespace k8scale::load {
using measure::Verb;

ObjectLifecycle::ObjectLifecycle(kube::Client& client, kube::Collection collection, ObjectNames names,
                                 Parameters parameters, OperationRecorder::Sinks sinks, net::Signal& stop)
    : client_(client),
      collection_(std::move(collection)),
      names_(std::move(names)),
      parameters_(std::move(parameters)),
      create_query_("fieldManager=" + base::percent_encode(parameters_.field_manager)),
      sinks_(sinks),
      stop_(stop) {}

net::Task<void> ObjectLifecycle::live(std::uint64_t number, base::SteadyTime scheduled) {
  const std::string name = names_.name(number);
  const bool created = co_await create(number, name, scheduled);
  if (!created) co_return;
  base::SteadyTime end = std::chrono::steady_clock::now() + parameters_.lifetime;
  const bool stopped = co_await stop_.wait_until(end);
  if (stopped) end = std::min(end, std::chrono::steady_clock::now());
  co_await remove(number, name, end);
}

net::Task<bool> ObjectLifecycle::create(std::uint64_t number, const std::string& name,
                                        base::SteadyTime scheduled) {
  OperationRecorder operation(sinks_, Verb::create, number, name, scheduled);
  const kube::AttemptObserver observer = operation.observer();
  std::string body = parameters_.object(name, std::chrono::system_clock::now());
  const kube::Answer answer =
      co_await client_.create(collection_, name, std::move(body), create_query_, observer);
  if (answer.ok()) {
    sinks_.recorder.add_population(1);
  } else if (operation.may_have_happened()) {
    leftovers_.push_back({name, false, false});
  }
  co_return answer.ok();
}

net::Task<void> ObjectLifecycle::remove(std::uint64_t number, const std::string& name,
                                        base::SteadyTime scheduled) {
  OperationRecorder operation(sinks_, Verb::remove, number, name, scheduled);
  const kube::AttemptObserver observer = operation.observer();
  std::string options;
  const kube::Answer answer = co_await client_.remove(collection_, name, std::move(options), observer);
  if (answer.ok() || answer.http_status == 404) {
    sinks_.recorder.add_population(-1);
  } else {
    leftovers_.push_back({name, true, false});
  }
}

net::Task<void> ObjectLifecycle::remove_leftover(Leftover& leftover) {
  const kube::AttemptObserver nobody;
  std::string options;
  const kube::Answer answer = co_await client_.remove(collection_, leftover.name, std::move(options), nobody);
  leftover.gone = answer.ok() || answer.http_status == 404;
  if (leftover.gone && leftover.counted) sinks_.recorder.add_population(-1);
}

net::Task<void> ObjectLifecycle::clean_up(net::Shard& shard, base::SteadyTime deadline) {
  constexpr int most_rounds = 10;
  constexpr auto pause = std::chrono::milliseconds(200);
  for (int round = 1; round <= most_rounds && !leftovers_.empty(); ++round) {
    net::TaskGroup removals(shard);
    for (Leftover& each : leftovers_) removals.spawn(remove_leftover(each));
    co_await removals.wait_until_done();
    std::erase_if(leftovers_, [](const Leftover& each) { return each.gone; });
    const bool again = !leftovers_.empty() && std::chrono::steady_clock::now() + pause < deadline;
    if (!again) break;
    co_await net::sleep_for(pause);
  }
}

std::size_t ObjectLifecycle::uncounted() const {
  return static_cast<std::size_t>(std::count_if(leftovers_.begin(), leftovers_.end(),
                                                [](const Leftover& each) { return !each.counted; }));
}

}  // namespace k8scale::load
