#include "open_loop_flags.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/load/open_loop.h"
#include "schedule_range.h"

namespace k8scale::subcommands {
void OpenLoopFlags::declare(CLI::App& app) {
  base::add_value(app, "--lambda", lambda, "creations per second, on average");
  base::add_value(app, "--n", n, "objects to create");
  base::add_value(app, "--maxpop", maxpop, "objects that exist at a time: each lives maxpop/lambda seconds");
}

void OpenLoopFlags::check() const {
  check_rate("-lambda", lambda);
  if (n < 1 || n > most_objects) {
    throw base::Error(fmt::format("-n: found {}, expected 1 to {}", n, most_objects));
  }
  if (maxpop > most_objects) {
    throw base::Error(fmt::format("-maxpop: found {}, expected 0 to {}", maxpop, most_objects));
  }
  check_time(fmt::format("-maxpop: found {} with -lambda {}", maxpop, lambda), "objects live",
             static_cast<double>(maxpop) / lambda);
  check_time(fmt::format("-n: found {} with -lambda {}", n, lambda), "the run takes",
             static_cast<double>(n) / lambda);
}

void OpenLoopFlags::fill(DriverPlan& plan, const DriverSettings& settings) const {
  const load::OpenLoopParameters loop{load::ArrivalPlan::steady(lambda), n, settings.seed};
  load::ObjectLifecycle::Parameters lifecycle;
  lifecycle.lifetime = base::from_seconds(static_cast<double>(maxpop) / lambda);
  plan.make_loop = [loop, lifecycle](const load::LoopContext& context) {
    return std::make_unique<load::OpenLoop>(context, loop, lifecycle);
  };
  plan.paced = measure::Verb::create;
  plan.asked_rate = lambda;
  plan.connections = std::clamp(lambda / 100, 4.0, 64.0);
  plan.summary_parameters["lambda"] = lambda;
  plan.summary_parameters["n"] = n;
  plan.summary_parameters["maxpop"] = maxpop;
}

std::shared_ptr<load::ObjectFamily> make_family(const DriverSettings& settings, std::uint64_t largest_number,
                                                std::string field_manager, load::ObjectShape shape,
                                                std::size_t data_length) {
  const kube::Collection collection(shape.resource, namespace_name);
  load::ObjectText text(std::move(shape), load::ObjectSizes(data_length, 0, most_data, settings.seed));
  const load::ObjectNames names(settings.run_id, largest_number);
  return std::make_shared<load::ObjectFamily>(load::ObjectFamily{{std::string(namespace_name)},
                                                                 {collection},
                                                                 load::NamespaceSpread(1, 0, settings.seed),
                                                                 names,
                                                                 std::move(text),
                                                                 std::move(field_manager),
                                                                 ""});
}

}  // namespace k8scale::subcommands
