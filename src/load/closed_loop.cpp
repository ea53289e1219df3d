#include "k8scale/load/closed_loop.h"

#include <algorithm>

namespace k8scale::load {
using measure::Verb;

// Where not all workers have equally many objects, the last ones have one more.
std::uint64_t largest_object(const ClosedLoopParameters& parameters) {
  return (parameters.objects + parameters.workers - 1) / parameters.workers * parameters.workers;
}

PhaseOrder::PhaseOrder(const ClosedLoopParameters& parameters, std::uint64_t worker)
    : worker_(worker),
      workers_(parameters.workers),
      objects_((parameters.objects + worker) / parameters.workers),
      lag_(std::max<std::uint64_t>(
          1, (parameters.population + parameters.updates * parameters.workers + worker) /
                 ((1 + parameters.updates) * parameters.workers))),
      passed_(1 + parameters.updates + (parameters.deletes ? 1 : 0), 0) {}

bool PhaseOrder::may_follow(std::size_t phase) const {
  const std::uint64_t ahead = passed_[phase - 1] - passed_[phase];
  return ahead >= lag_ || (ahead > 0 && passed_[phase - 1] == objects_);
}

std::optional<Step> PhaseOrder::next() {
  std::size_t phase = passed_.size() - 1;
  while (phase > 0 && !may_follow(phase)) --phase;
  if (phase == 0 && passed_[0] == objects_) return std::nullopt;
  return Step{phase, 1 + worker_ + workers_ * passed_[phase]++};
}

base::Nanoseconds step_due(std::uint64_t step, std::uint64_t worker, std::uint64_t workers, double rate) {
  return base::from_seconds(
      (static_cast<double>(step) * static_cast<double>(workers) + static_cast<double>(worker + 1)) / rate);
}

// A worker and which of its objects exist.
struct ClosedLoop::Worker {
  PhaseOrder order;
  ObjectOperations::Server server;
  std::uint64_t number;   // from 0
  std::uint64_t workers;  // of the run
  std::vector<bool> exists;

  Worker(const Parameters& parameters, std::uint64_t worker)
      : order(parameters.loop, worker),
        number(worker),
        workers(parameters.loop.workers),
        exists(order.objects(), false) {
    if (parameters.servers > 1) server = worker % parameters.servers;
  }
  [[nodiscard]] std::size_t place_of(std::uint64_t object) const {
    return static_cast<std::size_t>((object - 1 - number) / workers);
  }
  [[nodiscard]] std::uint64_t object_at(std::size_t place) const { return 1 + number + workers * place; }
};

ClosedLoop::ClosedLoop(const LoopContext& context, Parameters parameters)
    : context_(context), parameters_(std::move(parameters)) {
  std::uint64_t objects = 0;
  const ClosedLoopParameters& loop = parameters_.loop;
  for (std::uint64_t worker = 0; worker < loop.workers; ++worker) {
    if (context_.lane.takes(worker + 1)) objects += (loop.objects + worker) / loop.workers;
  }
  context_.recorder.asked(Verb::create, objects);
  context_.recorder.asked(parameters_.update_verb, objects * loop.updates);
  if (loop.deletes) context_.recorder.asked(Verb::remove, objects);
}

net::Task<void> ClosedLoop::run(base::SteadyTime start) {
  net::TaskGroup workers(context_.shard);
  if (start > std::chrono::steady_clock::now()) static_cast<void>(co_await context_.stop.wait_until(start));
  for (std::uint64_t worker = 0; worker < parameters_.loop.workers; ++worker) {
    if (context_.lane.takes(worker + 1)) workers.spawn(work(worker, start));
  }
  co_await workers.wait_until_done();
}

net::Task<void> ClosedLoop::work(std::uint64_t number, base::SteadyTime start) {
  Worker worker(parameters_, number);
  const ClosedLoopParameters& loop = parameters_.loop;
  for (std::uint64_t taken = 0; !context_.stop.raised(); ++taken) {
    const std::optional<Step> step = worker.order.next();
    if (!step) co_return;
    const base::SteadyTime free = std::chrono::steady_clock::now();
    Begin begin(free);
    if (loop.rate > 0) {
      begin = Begin(start + step_due(taken, number, loop.workers, loop.rate), free);
      bool stopped = false;
      if (begin.scheduled > free) stopped = co_await context_.stop.wait_until(begin.scheduled);
      if (stopped) break;
    }
    co_await take(worker, *step, begin);
  }
  if (loop.deletes) leave_to_clean_up(worker);
}

net::Task<void> ClosedLoop::take(Worker& worker, Step step, Begin begin) {
  ObjectOperations& operations = context_.operations;
  const std::size_t place = worker.place_of(step.object);
  kube::Answer answer;
  if (step.phase == 0) {
    answer = co_await operations.create(step.object, begin, worker.server);
    worker.exists[place] = answer.ok();
  } else if (step.phase <= parameters_.loop.updates) {
    answer =
        co_await operations.patch(step.object, step.phase, begin, parameters_.update_verb, worker.server);
  } else {
    const Counted counted = worker.exists[place] ? Counted::yes : Counted::no;
    worker.exists[place] = false;
    answer = co_await operations.remove(step.object, begin, counted, worker.server);
  }
  if (parameters_.observe) parameters_.observe(step, answer);
}

// After a stop.
void ClosedLoop::leave_to_clean_up(const Worker& worker) {
  for (std::size_t place = 0; place < worker.exists.size(); ++place) {
    if (worker.exists[place]) {
      context_.operations.leave_to_clean_up(worker.object_at(place), Recorded::yes, worker.server);
    }
  }
}

}  // namespace k8scale::load
