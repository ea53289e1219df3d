#include "k8scale/load/mixed_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "k8scale/base/log.h"
#include "k8scale/base/number.h"
#include "k8scale/base/text.h"
#include "k8scale/kube/resource_version.h"

namespace k8scale::load {
using measure::Verb;

namespace {

constexpr std::array mixed_verbs = {Verb::create, Verb::update, Verb::patch,
                                    Verb::get,    Verb::list,   Verb::remove};
constexpr std::size_t prepared_at_a_time = 32;

std::optional<Verb> parse_verb(std::string_view text) {
  for (const Verb verb : mixed_verbs) {
    if (measure::name(verb) == text) return verb;
  }
  return std::nullopt;
}

std::optional<double> parse_weight(std::string_view text) {
  const auto weight = base::parse_number<double>(text);
  return weight && std::isfinite(*weight) && *weight >= 0 ? weight : std::nullopt;
}

std::optional<std::pair<Verb, double>> parse_named_weight(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto verb = parse_verb(base::trim(text.substr(0, equals)));
  const auto weight = parse_weight(base::trim(text.substr(equals + 1)));
  if (!verb || !weight) return std::nullopt;
  return std::pair(*verb, *weight);
}

}  // namespace

bool OperationMix::is_part(std::string_view text) { return parse_named_weight(text).has_value(); }

std::optional<OperationMix> OperationMix::parse(std::string_view text) {
  OperationMix mix;
  std::array<bool, measure::all_verbs.size()> given{};
  for (const std::string& each : base::split(text, ',')) {
    const auto part = parse_named_weight(each);
    if (!part) return std::nullopt;
    const auto [verb, weight] = *part;
    const auto index = static_cast<std::size_t>(verb);
    if (std::exchange(given[index], true)) return std::nullopt;
    mix.weights_[index] = weight;
    mix.sum_ += weight;
  }
  if (!(mix.sum_ > 0) || !std::isfinite(mix.sum_)) return std::nullopt;
  return mix;
}

std::string OperationMix::text() const {
  std::string text;
  for (const Verb verb : mixed_verbs) {
    if (weight(verb) > 0) text += fmt::format("{}{}={}", text.empty() ? "" : ",", name(verb), weight(verb));
  }
  return text;
}

Verb OperationMix::choose(base::Random& random) const {
  double left = random.uniform() * sum_;
  Verb chosen = Verb::get;
  for (const Verb verb : mixed_verbs) {
    if (weight(verb) <= 0) continue;
    chosen = verb;
    left -= weight(verb);
    if (left < 0) break;
  }
  return chosen;
}

void LivingObjects::add(Object object) {
  places_[object.number] = objects_.size();
  objects_.push_back(std::move(object));
}

LivingObjects::Object* LivingObjects::find(std::uint64_t number) {
  const auto found = places_.find(number);
  return found == places_.end() ? nullptr : &objects_[found->second];
}

LivingObjects::Object& LivingObjects::draw_unwritten(std::uint64_t random) {
  for (std::uint64_t i = 0; i < objects_.size(); ++i) {
    Object& each = draw(random + i);
    if (!each.written) return each;
  }
  return draw(random);
}

void LivingObjects::learn(std::uint64_t number, std::string_view resource_version) {
  Object* const object = find(number);
  if (object == nullptr || resource_version.empty()) return;
  const std::uint64_t known = kube::version_number(object->resource_version);
  if (known == 0 || kube::version_number(resource_version) > known)
    object->resource_version = resource_version;
}

void LivingObjects::remove(std::uint64_t number) {
  const auto found = places_.find(number);
  if (found == places_.end()) return;
  const std::size_t place = found->second;
  places_.erase(found);
  if (place + 1 < objects_.size()) {
    objects_[place] = std::move(objects_.back());
    places_[objects_[place].number] = place;
  }
  objects_.pop_back();
}

MixedLoop::MixedLoop(const LoopContext& context, Parameters parameters)
    : context_(context), parameters_(std::move(parameters)) {
  const OpenLoopParameters& arrivals = parameters_.arrivals;
  const std::uint64_t count = parameters_.workers > 0
                                  ? arrivals.count
                                  : count_arrivals(arrivals.arrivals, arrivals.seed, arrivals.count);
  context_.recorder.asked_undrawn(own_part_of(count));
}

// How many of the operations 1 … `count` are this shard's.
std::uint64_t MixedLoop::own_part_of(std::uint64_t count) const {
  const std::uint64_t workers = parameters_.workers;
  if (workers == 0) return context_.lane.count_up_to(count);
  std::uint64_t own = 0;
  for (std::uint64_t worker = 1; worker <= std::min(workers, count); ++worker) {
    if (context_.lane.takes(worker)) own += Lane{worker, workers}.count_up_to(count);
  }
  return own;
}

MixedLoop::Choice MixedLoop::choice_of(std::uint64_t number) const {
  base::Random random = random_of_object(parameters_.arrivals.seed, "choices", number);
  const Verb verb = parameters_.mix.choose(random);
  return {verb, random.next()};
}

// The objects of before the run have the first numbers.
net::Task<void> MixedLoop::prepare_some(std::uint64_t& next) {
  while (next <= parameters_.initial && !context_.stop.raised()) {
    const std::uint64_t number = std::exchange(next, next + context_.lane.stride);
    const kube::Answer made = co_await context_.operations.prepare(number);
    if (made.ok()) {
      living_.add({number, 0, std::string(kube::resource_version_of(made.body))});
    } else if (unprepared_.count++ == 0) {
      unprepared_.first_error = made.error();
    }
  }
}

net::Task<void> MixedLoop::prepare() {
  net::TaskGroup preparing(context_.shard);
  std::uint64_t next = context_.lane.first;
  for (std::size_t i = 0; i < prepared_at_a_time; ++i) preparing.spawn(prepare_some(next));
  co_await preparing.wait_until_done();
}

net::Task<void> MixedLoop::run(base::SteadyTime start) {
  if (parameters_.workers == 0) {
    const Life operation = [this](std::uint64_t number, Begin begin) { return perform(number, begin); };
    const LookAtCrowd look = [this] { return context_.operations.crowd(); };
    co_await run_open_loop(context_.shard, parameters_.arrivals, context_.lane, start, operation, look,
                           context_.stop);
  } else {
    net::TaskGroup workers(context_.shard);
    for (std::uint64_t worker = 1; worker <= parameters_.workers; ++worker) {
      if (context_.lane.takes(worker)) workers.spawn(work(worker, start));
    }
    co_await workers.wait_until_done();
  }
  if (parameters_.keep == Keep::yes) co_return;
  for (const auto& each : living_.all()) context_.operations.leave_to_clean_up(each.number, Recorded::no);
}

net::Task<void> MixedLoop::work(std::uint64_t worker, base::SteadyTime start) {
  bool stopped = co_await context_.stop.wait_until(start);
  for (std::uint64_t number = worker; number <= parameters_.arrivals.count && !stopped;
       number += parameters_.workers) {
    const base::SteadyTime free = std::chrono::steady_clock::now();
    Begin begin(free);
    if (parameters_.rate > 0) {
      begin = Begin(start + base::from_seconds(static_cast<double>(number - 1) / parameters_.rate), free);
      if (begin.scheduled > free) stopped = co_await context_.stop.wait_until(begin.scheduled);
      if (stopped) co_return;
    }
    co_await perform(number, begin);
    stopped = context_.stop.raised();
  }
}

net::Task<void> MixedLoop::perform(std::uint64_t number, Begin begin) {
  const Choice choice = choice_of(number);
  context_.recorder.drawn(choice.verb);
  if (choice.verb == Verb::create) {
    co_await create(parameters_.initial + number, begin);
  } else if (choice.verb == Verb::list) {
    const std::size_t place =
        static_cast<std::size_t>(choice.object % context_.operations.family().namespaces.size());
    const kube::Answer listed = co_await context_.operations.list(place, parameters_.list, begin);
    static_cast<void>(listed);
  } else if (living_.empty()) {
    ++without_object_;
  } else {
    co_await use_object(choice, begin);
  }
}

net::Task<void> MixedLoop::create(std::uint64_t number, Begin begin) {
  const kube::Answer made = co_await context_.operations.create(number, begin);
  if (made.ok()) living_.add({number, 0, std::string(kube::resource_version_of(made.body))});
}

net::Task<void> MixedLoop::use_object(Choice choice, Begin begin) {
  if (choice.verb == Verb::update || choice.verb == Verb::patch) {
    co_await change(choice, begin);
    co_return;
  }
  if (choice.verb == Verb::remove) {
    const std::uint64_t number = living_.draw_unwritten(choice.object).number;
    living_.remove(number);
    const kube::Answer removed = co_await context_.operations.remove(number, begin);
    static_cast<void>(removed);
  } else {
    const std::uint64_t number = living_.draw(choice.object).number;
    const kube::Answer found = co_await context_.operations.get(number, begin);
    if (found.ok()) living_.learn(number, kube::resource_version_of(found.body));
  }
}

net::Task<void> MixedLoop::change(Choice choice, Begin begin) {
  LivingObjects::Object& drawn = living_.draw_unwritten(choice.object);
  drawn.written = true;
  const std::uint64_t number = drawn.number;
  const std::uint64_t phase = ++drawn.updates;
  const std::string version = drawn.resource_version;
  kube::Answer answer;
  if (choice.verb == Verb::update) {
    answer = co_await context_.operations.replace(number, phase, version, begin);
  } else {
    answer = co_await context_.operations.patch(number, phase, begin, Verb::patch);
  }
  LivingObjects::Object* const still = living_.find(number);
  if (still == nullptr) co_return;
  still->written = false;
  if (answer.ok()) living_.learn(number, kube::resource_version_of(answer.body));
  const bool any_version_will_do = context_.operations.family().text.shape().place == DataPlace::data;
  const bool conflict = choice.verb == Verb::update && answer.conflict();
  if (conflict && any_version_will_do) still->resource_version.clear();
}

}  // namespace k8scale::load
