#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "discover.h"
#include "driver.h"
#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "open_loop_flags.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

struct FlunderDriverFlags {
  OpenLoopFlags loop;
  std::string resource;
  DriverFlags driver;
};

kube::Resource flunders_to_drive(net::Shard& shard, kube::Client& client) {
  if (auto found = discover_flunders(shard, client)) return *found;
  throw base::Error(
      fmt::format(
          "{} has no flunders, neither in {} nor in {}; they are served by Kubernetes' sample-apiserver "
          "(k8s.io/sample-apiserver, its README says how to install it), or by --embedded",
          client.server(), flunder_groups[0], flunder_groups[1]),
      kube::configuration_exit_code);
}

load::Parameters flunder_driver_parameters(const FlunderDriverFlags& flags, const DriverSettings& settings) {
  return {{"KUBECONFIG", flags.driver.cluster.kubeconfig},
          {"LAMBDA", flags.loop.lambda},
          {"N", flags.loop.n},
          {"MAXPOP", flags.loop.maxpop},
          {"DATEFILENAME", settings.data_file.string()},
          {"RUNID", settings.run_id},
          {"SEED", settings.seed}};
}

DriverPlan flunder_driver_plan(const FlunderDriverFlags& flags, Driver& driver) {
  const DriverSettings& settings = driver.settings();
  load::ObjectShape shape;
  shape.place = load::DataPlace::nowhere;
  shape.create_timestamp = load::CreateTimestamp::no;
  shape.has_spec = flags.resource.empty();
  shape.resource = flags.resource.empty()
                       ? flunders_to_drive(driver.start_shard(), driver.start_client())
                       : discover_named(driver.start_shard(), driver.start_client(), flags.resource);
  shape.encoding = driver.encoding_of(shape.resource, namespace_name);
  DriverPlan plan;
  plan.family = make_family(settings, flags.loop.n, "flunder-driver", std::move(shape), 0);
  flags.loop.fill(plan, settings);
  plan.parameters = [&flags, &settings](const auto&) { return flunder_driver_parameters(flags, settings); };
  if (!flags.resource.empty()) plan.summary_parameters["resource"] = flags.resource;
  return plan;
}

}  // namespace

int flunder_driver(const Invocation& invocation) {
  FlunderDriverFlags flags;
  CLI::App app("Creates Flunders at random moments and deletes each after a while: an open loop.",
               "k8scale flunder-driver");
  flags.loop.declare(app);
  base::add_value(app, "--resource", flags.resource,
                  "group/version/plural of other objects that need no spec; empty: flunders");
  flags.driver.wait_before_terminate = 0;
  flags.driver.declare(app);
  app.footer(std::string(driver_exit_codes));
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.driver.verbosity);
  flags.loop.check();
  Driver driver("flunder-driver", flags.driver,
                settings_of(flags.driver, load::name_suffix_length(flags.loop.n)));
  driver.connect();
  return driver.run(flunder_driver_plan(flags, driver));
}

}  // namespace k8scale::subcommands
