#include "k8scale/load/object_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "k8scale/base/text.h"
#include "k8scale/kube/list_items.h"

namespace k8scale::load {
using measure::Verb;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_removals = 64;  // at a time, while cleaning up

std::string query_of(const ListParameters& parameters) {
  std::string query;
  if (parameters.limit > 0) query = fmt::format("limit={}", parameters.limit);
  if (parameters.label_selector.empty()) return query;
  if (!query.empty()) query += '&';
  return query + "labelSelector=" + base::percent_encode(parameters.label_selector);
}

}  // namespace

ObjectOperations::ObjectOperations(ServerSet& servers, std::shared_ptr<const ObjectFamily> family,
                                   OperationRecorder::Sinks sinks)
    : servers_(servers),
      family_(std::move(family)),
      sinks_(sinks),
      field_manager_query_("fieldManager=" + base::percent_encode(family_->field_manager)) {}

std::string ObjectOperations::create_query(std::uint64_t number) const {
  if (family_->numbered_creates.empty()) return field_manager_query_;
  return fmt::format("{}&r={}&i={}", field_manager_query_, base::percent_encode(family_->numbered_creates),
                     number);
}

std::string ObjectOperations::text_of(std::uint64_t number, std::string_view name) const {
  return family_->text.create({number, name, family_->namespace_of(number)},
                              std::chrono::system_clock::now());
}

net::Task<kube::Answer> ObjectOperations::create(std::uint64_t number, Begin begin, Server server) {
  ServerSet::Use use(servers_, server.value_or(servers_.choose()));
  const std::string name = family_->names.name(number);
  OperationRecorder operation(sinks_, Verb::create, number, name, begin, use);
  kube::Answer answer;
  if (operation.may_be_sent()) {
    const kube::Collection& collection = family_->collection_of(number);
    std::string body = text_of(number, name);
    const std::string query = create_query(number);
    const kube::AttemptObserver observer = operation.observer();
    answer = co_await use.client().create(collection, name, std::move(body), query, observer);
    use.ended(answer);
  } else {
    answer = operation.not_sent();
  }
  if (answer.ok()) {
    sinks_.recorder.add_population(1);
  } else if (operation.may_have_happened()) {
    leftovers_.push_back({number, use.server(), false});
  }
  co_return answer;
}

net::Task<kube::Answer> ObjectOperations::prepare(std::uint64_t number) {
  ServerSet::Use use(servers_, servers_.choose_idlest());
  kube::Answer answer;
  if (use.left_alone()) {
    answer.failure = use.left_alone();
    answer.nothing_sent = true;
    co_return answer;
  }
  const std::string name = family_->names.name(number);
  const kube::Collection& collection = family_->collection_of(number);
  std::string body = text_of(number, name);
  const std::string query = create_query(number);
  const kube::AttemptObserver nobody;
  answer = co_await use.client().create(collection, name, std::move(body), query, nobody);
  use.ended(answer);
  if (answer.ok()) sinks_.recorder.add_population(1);
  const bool uncertain = answer.failure || answer.http_status >= 500;
  if (uncertain) leftovers_.push_back({number, use.server(), false});
  co_return answer;
}

net::Task<kube::Answer> ObjectOperations::patch(std::uint64_t number, std::uint64_t phase, Begin begin,
                                                Verb verb, Server server) {
  ServerSet::Use use(servers_, server.value_or(servers_.choose()));
  const std::string name = family_->names.name(number);
  OperationRecorder operation(sinks_, verb, number, name, begin, use);
  if (!operation.may_be_sent()) co_return operation.not_sent();
  std::string body = family_->text.patch(phase, std::chrono::system_clock::now());
  const std::string& query = field_manager_query_;
  const kube::AttemptObserver observer = operation.observer();
  kube::Answer answer = co_await use.client().patch(
      family_->collection_of(number), name, family_->text.patch_type(), std::move(body), query, observer);
  use.ended(answer);
  co_return answer;
}

net::Task<kube::Answer> ObjectOperations::replace(std::uint64_t number, std::uint64_t phase,
                                                  std::string_view resource_version, Begin begin) {
  ServerSet::Use use(servers_, servers_.choose());
  const std::string name = family_->names.name(number);
  OperationRecorder operation(sinks_, Verb::update, number, name, begin, use);
  if (!operation.may_be_sent()) co_return operation.not_sent();
  const kube::Collection& collection = family_->collection_of(number);
  const ObjectKey key{number, name, family_->namespace_of(number)};
  std::string body = family_->text.replace(key, phase, resource_version, std::chrono::system_clock::now());
  const std::string& query = field_manager_query_;
  const kube::AttemptObserver observer = operation.observer();
  kube::Answer answer = co_await use.client().update(collection, name, std::move(body), query, observer);
  use.ended(answer);
  co_return answer;
}

net::Task<kube::Answer> ObjectOperations::get(std::uint64_t number, Begin begin) {
  ServerSet::Use use(servers_, servers_.choose());
  const std::string name = family_->names.name(number);
  OperationRecorder operation(sinks_, Verb::get, number, name, begin, use);
  if (!operation.may_be_sent()) co_return operation.not_sent();
  const kube::AttemptObserver observer = operation.observer();
  kube::Answer answer = co_await use.client().get(family_->collection_of(number), name, observer);
  use.ended(answer);
  co_return answer;
}

net::Task<kube::Answer> ObjectOperations::list(std::size_t place, const ListParameters& parameters,
                                               Begin begin) {
  ServerSet::Use use(servers_, servers_.choose());
  OperationRecorder operation(sinks_, Verb::list, 0, family_->namespaces[place], begin, use);
  if (!operation.may_be_sent()) co_return operation.not_sent();
  const kube::Collection& collection = family_->collections[place];
  const std::string query = query_of(parameters);
  const kube::AttemptObserver observer = operation.observer();
  kube::Answer answer = co_await use.client().list(collection, query, observer);
  use.ended(answer);
  co_return answer;
}

net::Task<kube::Answer> ObjectOperations::remove(std::uint64_t number, Begin begin, Counted counted,
                                                 Server server) {
  ServerSet::Use use(servers_, server.value_or(servers_.choose()));
  const std::string name = family_->names.name(number);
  OperationRecorder operation(sinks_, Verb::remove, number, name, begin, use);
  kube::Answer answer;
  if (operation.may_be_sent()) {
    const kube::AttemptObserver observer = operation.observer();
    std::string options;
    answer = co_await use.client().remove(family_->collection_of(number), name, std::move(options), observer);
    use.ended(answer);
  } else {
    answer = operation.not_sent();
  }
  if (counted == Counted::no) co_return answer;
  if (answer.ok() || answer.not_found()) {
    sinks_.recorder.add_population(-1);
  } else {
    leftovers_.push_back({number, use.server(), true});
  }
  co_return answer;
}

void ObjectOperations::leave_to_clean_up(std::uint64_t number, Recorded recorded, Server server) {
  leftovers_.push_back({number, server.value_or(servers_.choose()), true, recorded});
}

// Several run at a time; each takes the next one until none is left.
net::Task<void> ObjectOperations::remove_leftovers(std::size_t& next) {
  const kube::AttemptObserver nobody;
  while (next < leftovers_.size()) {
    Leftover& leftover = leftovers_[next++];
    const std::size_t server = (leftover.server + clean_up_round_) % servers_.size();
    const std::string name = family_->names.name(leftover.number);
    const bool recorded = std::exchange(leftover.recorded, Recorded::no) == Recorded::yes;
    kube::Answer answer;
    if (recorded) {
      answer = co_await remove(leftover.number, Clock::now(), Counted::no, server);
    } else {
      ServerSet::Use use(servers_, server);
      if (use.left_alone()) continue;  // the next round asks another
      std::string options;
      answer = co_await use.client().remove(family_->collection_of(leftover.number), name, std::move(options),
                                            nobody);
      use.ended(answer);
    }
    leftover.gone = answer.ok() || answer.not_found();
    if (!recorded && !answer.not_found()) leftover.may_be_our_doing = true;
    if (!leftover.gone) continue;
    if (leftover.counted) sinks_.recorder.add_population(-1);
    if (leftover.may_be_our_doing) note_cleaned_up(name);
  }
}

void ObjectOperations::note_cleaned_up(std::string name) {
  if (sinks_.writes == nullptr) return;
  FinishedWrite write;
  write.operation.verb = Verb::remove;
  write.operation.object_name = std::move(name);
  write.fate = WriteFate::cleaned_up;
  sinks_.writes->add(std::move(write));
}

net::Task<void> ObjectOperations::clean_up(net::Shard& shard, base::SteadyTime deadline) {
  constexpr int most_rounds = 10;
  constexpr auto pause = std::chrono::milliseconds(200);
  for (int round = 1; round <= most_rounds && !leftovers_.empty(); ++round) {
    net::TaskGroup removals(shard);
    std::size_t next = 0;
    const std::size_t count = std::min(most_removals, leftovers_.size());
    for (std::size_t i = 0; i < count; ++i) removals.spawn(remove_leftovers(next));
    co_await removals.wait_until_done();
    std::erase_if(leftovers_, [](const Leftover& each) { return each.gone; });
    ++clean_up_round_;
    const bool again = !leftovers_.empty() && Clock::now() + pause < deadline;
    if (!again) break;
    co_await net::sleep_for(pause);
  }
}

std::size_t ObjectOperations::uncounted() const {
  return static_cast<std::size_t>(std::count_if(leftovers_.begin(), leftovers_.end(),
                                                [](const Leftover& each) { return !each.counted; }));
}

}  // namespace k8scale::load
