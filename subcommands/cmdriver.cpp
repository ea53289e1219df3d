#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>

#include "driver.h"
#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/load/open_loop.h"
#include "open_loop_flags.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

struct CmdriverFlags {
  OpenLoopFlags loop;
  std::uint64_t datalen = 2000;
  bool clientlb = false;
  DriverFlags driver;
};

void declare_cmdriver_flags(CLI::App& app, CmdriverFlags& flags) {
  flags.loop.declare(app);
  base::add_value(app, "--datalen", flags.datalen, "bytes of data in each object");
  base::add_bool(app, "--clientlb", flags.clientlb,
                 "send each request to any endpoint of service default/kubernetes");
  flags.driver.declare(app);
}

void check_cmdriver_flags(const CmdriverFlags& flags) {
  flags.loop.check();
  if (flags.datalen > most_data) {
    throw base::Error(fmt::format("-datalen: found {}, expected 0 to {} bytes", flags.datalen, most_data));
  }
  if (flags.clientlb && !flags.driver.server_list.empty()) {
    throw base::Error("-clientlb and --server-list both choose servers; expected one of them");
  }
}

load::Parameters cmdriver_parameters(const CmdriverFlags& flags, const DriverSettings& settings) {
  return {{"KUBECONFIG", flags.driver.cluster.kubeconfig},
          {"LAMBDA", flags.loop.lambda},
          {"N", flags.loop.n},
          {"MAXPOP", flags.loop.maxpop},
          {"DATALEN", flags.datalen},
          {"DATEFILENAME", settings.data_file.string()},
          {"RUNID", settings.run_id},
          {"SEED", settings.seed}};
}

DriverPlan cmdriver_plan(const CmdriverFlags& flags, Driver& driver) {
  const DriverSettings& settings = driver.settings();
  load::ObjectShape shape;
  shape.resource = kube::config_maps();
  shape.encoding = driver.encoding_of(shape.resource, namespace_name);
  DriverPlan plan;
  plan.family = make_family(settings, flags.loop.n, "cmdriver", std::move(shape), flags.datalen);
  flags.loop.fill(plan, settings);
  if (flags.clientlb) plan.endpoints = 0;
  plan.parameters = [&flags, &settings](const auto&) { return cmdriver_parameters(flags, settings); };
  plan.summary_parameters["datalen"] = flags.datalen;
  if (flags.clientlb) plan.summary_parameters["clientlb"] = true;
  return plan;
}

}  // namespace

int cmdriver(const Invocation& invocation) {
  CmdriverFlags flags;
  CLI::App app("Creates ConfigMaps at random moments and deletes each after a while: an open loop.",
               "k8scale cmdriver");
  declare_cmdriver_flags(app, flags);
  app.footer(std::string(driver_exit_codes) + std::string(endpoints_exit_text));
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.driver.verbosity);
  check_cmdriver_flags(flags);
  Driver driver("cmdriver", flags.driver, settings_of(flags.driver, load::name_suffix_length(flags.loop.n)));
  driver.connect();
  return driver.run(cmdriver_plan(flags, driver));
}

}  // namespace k8scale::subcommands
