#include "k8scale/load/object_lifecycle.h"

#include <algorithm>

namespace k8scale::load {
namespace {

// `whole` · phase / parts, without what would overflow in between.
base::Nanoseconds part_of(base::Nanoseconds whole, std::int64_t phase, std::int64_t parts) {
  return whole / parts * phase + whole % parts * phase / parts;
}

}  // namespace

net::Task<void> ObjectLifecycle::live(std::uint64_t number, Begin begin) {
  const kube::Answer created = co_await operations_.create(number, begin);
  if (!created.ok()) co_return;
  const base::SteadyTime start = std::chrono::steady_clock::now();
  const auto parts = static_cast<std::int64_t>(parameters_.updates + 1);
  base::SteadyTime due = start;
  bool stopped = false;
  for (std::uint64_t phase = 1; phase <= parameters_.updates + 1 && !stopped; ++phase) {
    if (phase > parameters_.updates && !parameters_.deletes) co_return;
    due = start + part_of(parameters_.lifetime, static_cast<std::int64_t>(phase), parts);
    stopped = co_await stop_.wait_until(due);
    if (stopped || phase > parameters_.updates) break;
    const kube::Answer updated = co_await operations_.patch(number, phase, due, measure::Verb::patch);
    static_cast<void>(updated);
  }
  if (!parameters_.deletes) co_return;
  if (stopped) due = std::min(due, std::chrono::steady_clock::now());
  const kube::Answer removed = co_await operations_.remove(number, due);
  static_cast<void>(removed);
}

}  // namespace k8scale::load
