#include "k8scale/base/flags.h"
#include "k8scale/net/own_address.h"
#include "logger_run.h"
#include "observe_run.h"
#include "tools.h"

namespace k8scale::subcommands {

int flunder_logger(const Invocation& invocation) {
  LoggerFlags flags;
  flags.observe.unnamed = Unnamed::flunders;
  std::string override_server;
  bool insecure = false;
  CLI::App app("Records what a controller sees of Flunders.", "k8scale flunder-logger");
  flags.declare(app);
  base::add_value(app, "--override-server", override_server,
                  "host, host:port or URL of the API server, instead of the configured one");
  base::add_bool(app, "--insecure", insecure, "do not verify the server's certificate");
  if (const auto exit_code = parse_logger(app, invocation, flags)) return *exit_code;
  if (!override_server.empty()) {
    flags.observe.cluster.server = override_server;
    flags.observe.cluster.server_flag = "-override-server";
  }
  LoggerKind kind;
  kind.subcommand = "flunder-logger";
  kind.user_agent = "flunder-logger@" + net::own_address() + "@" + birth_time();
  kind.columns = observe::Columns::nine;
  kind.verify_server = !insecure;
  return run_logger(flags, kind);
}

}  // namespace k8scale::subcommands
