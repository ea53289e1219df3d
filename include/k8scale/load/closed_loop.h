#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/load/loop.h"

/// cmdriverclosed's loop: workers that do one operation at a time, each over objects of its own.
namespace k8scale::load {

struct ClosedLoopParameters {
  std::uint64_t objects = 300;     ///< of the whole run
  std::uint64_t workers = 1;       ///< > 0
  std::uint64_t population = 100;  ///< objects that shall exist at a time
  std::uint64_t updates = 1;       ///< of each object
  bool deletes = true;             ///< whether objects are deleted in the end
  double rate = 100;               ///< operations per second of all workers; 0: as fast as they go
};

/// The largest number of an object: with several workers it may be beyond `objects`.
[[nodiscard]] std::uint64_t largest_object(const ClosedLoopParameters& parameters);

/// What a worker does next: phase 0 creates, 1 … updates update, updates + 1 deletes.
struct Step {
  std::uint64_t phase = 0;
  std::uint64_t object = 0;  ///< number, from 1
  friend bool operator==(const Step&, const Step&) = default;
};

/// The order in which one worker takes its objects through their phases: a pure function of the parameters.
///
/// Worker w (from 0, of W) has (objects + w) / W objects: w + 1, w + 1 + W, w + 1 + 2·W, … Successive phases
/// stay `lag` objects apart, lag = max(1, (population + updates·W + w) / ((1 + updates)·W)): each step takes
/// the last phase whose predecessor is that far ahead, or has been through all objects; else it creates.
class PhaseOrder {
 public:
  PhaseOrder(const ClosedLoopParameters& parameters, std::uint64_t worker);

  /// Nothing when all phases have been through all objects.
  [[nodiscard]] std::optional<Step> next();
  [[nodiscard]] std::uint64_t objects() const { return objects_; }
  [[nodiscard]] std::uint64_t steps() const { return objects_ * passed_.size(); }

 private:
  [[nodiscard]] bool may_follow(std::size_t phase) const;

  std::uint64_t worker_;
  std::uint64_t workers_;
  std::uint64_t objects_;
  std::uint64_t lag_;
  std::vector<std::uint64_t> passed_;  // by phase: objects that went through it
};

/// When worker `worker` (from 0) shall begin its step `step` (from 0), from the start of the run: the steps
/// of all workers together come at `rate` per second, > 0.
[[nodiscard]] base::Nanoseconds step_due(std::uint64_t step, std::uint64_t worker, std::uint64_t workers,
                                         double rate);

/// Workers that take their objects through all phases, each doing one operation at a time. A worker is a
/// coroutine. Those of the whole run are numbered from 1, and this shard has those that its lane takes.
class ClosedLoop final : public Loop {
 public:
  struct Parameters {
    ClosedLoopParameters loop;
    /// With more than one, worker w always uses server w modulo this; 0: each operation is given a server.
    std::size_t servers = 0;
    std::function<void(const Step&, const kube::Answer&)>
        observe;  ///< may be null: called with each answer, on the shard
    measure::Verb update_verb = measure::Verb::update;  ///< what an update, a PATCH, is recorded as
  };
  ClosedLoop(const LoopContext& context, Parameters parameters);
  [[nodiscard]] net::Task<void> run(base::SteadyTime start) override;

 private:
  struct Worker;
  [[nodiscard]] net::Task<void> work(std::uint64_t number, base::SteadyTime start);
  [[nodiscard]] net::Task<void> take(Worker& worker, Step step, Begin begin);
  void leave_to_clean_up(const Worker& worker);

  LoopContext context_;
  Parameters parameters_;
};

}  // namespace k8scale::load
