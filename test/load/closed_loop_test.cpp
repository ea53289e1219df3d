#include "k8scale/load/closed_loop.h"

#include <map>
#include <set>

#include "catch.h"
#include "k8scale/base/random.h"

namespace load = k8scale::load;
namespace base = k8scale::base;

namespace {

// The same rule in slow and obvious form: every object of the worker and the phases that it went through.
class ObviousWorker {
 public:
  ObviousWorker(const load::ClosedLoopParameters& parameters, std::uint64_t worker)
      : parameters_(parameters) {
    const std::uint64_t t0 = worker;
    const std::uint64_t count = (parameters.objects + t0) / parameters.workers;
    for (std::uint64_t i = 0; i < count; ++i) numbers_.push_back(worker + 1 + i * parameters.workers);
    phases_ = parameters.updates + (parameters.deletes ? 2 : 1);
    lag_ = (parameters.population + parameters.updates * parameters.workers + t0) /
           ((1 + parameters.updates) * parameters.workers);
    if (lag_ < 1) lag_ = 1;
  }

  std::optional<load::Step> next() {
    for (std::uint64_t phase = phases_ - 1; phase >= 1; --phase) {
      const std::uint64_t before = through(phase - 1), here = through(phase);
      const bool finished = before == numbers_.size();
      if (here < before && (before - here >= lag_ || finished)) return take(phase);
    }
    if (through(0) < numbers_.size()) return take(0);
    return std::nullopt;
  }

 private:
  std::uint64_t through(std::uint64_t phase) {
    std::uint64_t count = 0;
    for (const std::uint64_t number : numbers_) count += done_[number].count(phase);
    return count;
  }
  load::Step take(std::uint64_t phase) {
    for (const std::uint64_t number : numbers_) {
      if (done_[number].insert(phase).second) return {phase, number};
    }
    return {};
  }

  load::ClosedLoopParameters parameters_;
  std::vector<std::uint64_t> numbers_;
  std::uint64_t phases_ = 0, lag_ = 0;
  std::map<std::uint64_t, std::set<std::uint64_t>> done_;
};

load::ClosedLoopParameters drawn(base::Random& random) {
  load::ClosedLoopParameters parameters;
  parameters.workers = 1 + random.below(9);
  parameters.objects = random.below(40);
  parameters.population = random.below(60);
  parameters.updates = random.below(4);
  parameters.deletes = random.below(3) != 0;
  return parameters;
}

}  // namespace

TEST_CASE("a worker's order is that of the slow model for thousands of parameters") {
  base::Random random(7, "closed loop");
  for (int round = 0; round < 3000; ++round) {
    const load::ClosedLoopParameters parameters = drawn(random);
    const std::uint64_t worker = random.below(parameters.workers);
    load::PhaseOrder order(parameters, worker);
    ObviousWorker model(parameters, worker);
    for (;;) {
      const auto step = order.next();
      const auto expected = model.next();
      REQUIRE(step.has_value() == expected.has_value());
      if (!step) break;
      REQUIRE(*step == *expected);
    }
  }
}

TEST_CASE("workers share the objects, and each object goes through its phases in order") {
  base::Random random(8, "closed loop");
  for (int round = 0; round < 500; ++round) {
    const load::ClosedLoopParameters parameters = drawn(random);
    std::map<std::uint64_t, std::uint64_t> next_phase;
    std::uint64_t objects = 0;
    for (std::uint64_t worker = 0; worker < parameters.workers; ++worker) {
      load::PhaseOrder order(parameters, worker);
      objects += order.objects();
      std::uint64_t steps = 0;
      while (const auto step = order.next()) {
        REQUIRE((step->object - 1) % parameters.workers == worker);
        REQUIRE(step->phase == next_phase[step->object]++);
        ++steps;
      }
      REQUIRE(steps == order.steps());
    }
    REQUIRE(objects == parameters.objects);
    REQUIRE(next_phase.size() == parameters.objects);
  }
}

TEST_CASE("the largest number of an object is known beforehand") {
  base::Random random(9, "closed loop");
  for (int round = 0; round < 500; ++round) {
    const load::ClosedLoopParameters parameters = drawn(random);
    std::uint64_t largest = 0;
    for (std::uint64_t worker = 0; worker < parameters.workers; ++worker) {
      load::PhaseOrder order(parameters, worker);
      while (const auto step = order.next()) largest = std::max(largest, step->object);
    }
    REQUIRE(load::largest_object(parameters) == largest);
  }
}

TEST_CASE("the population stays near what was asked for") {
  const load::ClosedLoopParameters parameters{1000, 4, 100, 2, true};
  std::uint64_t most = 0;
  for (std::uint64_t worker = 0; worker < parameters.workers; ++worker) {
    load::PhaseOrder order(parameters, worker);
    std::uint64_t population = 0, largest = 0;
    while (const auto step = order.next()) {
      if (step->phase == 0) largest = std::max(largest, ++population);
      if (step->phase == parameters.updates + 1) --population;
    }
    REQUIRE(population == 0);
    most += largest;
  }
  REQUIRE(most >= 100);
  REQUIRE(most <= 100 + parameters.workers * (parameters.updates + 2));
}

TEST_CASE("steps of all workers come evenly at the rate") {
  using namespace std::chrono_literals;
  std::set<base::Nanoseconds> moments;
  for (std::uint64_t worker = 0; worker < 4; ++worker) {
    for (std::uint64_t step = 0; step < 5; ++step) moments.insert(load::step_due(step, worker, 4, 1000));
  }
  REQUIRE(moments.size() == 20);
  REQUIRE(*moments.begin() == 1ms);
  REQUIRE(*moments.rbegin() == 20ms);
}
