#include "k8scale/base/flags.h"
#include "k8scale/net/own_address.h"
#include "logger_run.h"
#include "tools.h"

namespace k8scale::subcommands {

int logger(const Invocation& invocation) {
  LoggerFlags flags;
  flags.observe.resource = "v1/configmaps";
  CLI::App app("Records what a controller sees of the objects of any resource.", "k8scale logger");
  flags.declare(app);
  base::add_bool(app, "--no-compare", flags.no_compare, "do not look for states that were seen before");
  if (const auto exit_code = parse_logger(app, invocation, flags)) return *exit_code;
  LoggerKind kind;
  kind.subcommand = "logger";
  kind.user_agent = "k8scale-logger@" + net::own_address();
  return run_logger(flags, kind);
}

}  // namespace k8scale::subcommands
