#include "k8scale/apiserver/server.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "debug_from.h"
#include "flag_range.h"
#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/base/stop_signals.h"
#include "k8scale/base/text.h"
#include "k8scale/net/url.h"
#include "subcommands.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

constexpr int request_verbosity = 6;

struct ApiserverFlags {
  std::string address = "127.0.0.1";
  std::uint64_t port = 6443;
  std::string kubeconfig_out;
  std::string identity;
  std::vector<std::string> namespaces;
  std::vector<std::string> resources;
  std::vector<std::string> faults;
  std::uint64_t max_inflight = 0;
  std::uint64_t watch_window = 0;
  base::Nanoseconds grace = std::chrono::seconds(5);
  std::string debug_from = "loopback";
  int verbosity = 0;
};

void declare_apiserver_flags(CLI::App& app, ApiserverFlags& flags) {
  base::add_value(app, "--bind-address", flags.address, "IP address to listen on");
  base::add_value(app, "--secure-port", flags.port, "port to listen on; 0 for any");
  base::add_value(app, "--kubeconfig-out", flags.kubeconfig_out,
                  "file to write a kubeconfig to, with the administrator's token and certificate")
      ->type_name("FILE");
  base::add_value(app, "--identity", flags.identity,
                  "folder that keeps certificate authority, token and client certificate; made when there "
                  "are none; without it they are new at each start")
      ->type_name("DIR");
  app.add_option("--namespace", flags.namespaces,
                 "a namespace to have from the start, as drivers need scaletest; may be repeated")
      ->type_name("NAME");
  app.add_option("--resource", flags.resources, "another resource to serve; may be repeated")
      ->type_name("GROUP/VERSION/PLURAL=KIND");
  app.add_option("--fault", flags.faults, "a fault rule, see docs/apiserver.md; may be repeated")
      ->type_name("RULE");
  base::add_value(app, "--max-inflight", flags.max_inflight,
                  "requests at a time, 429 beyond; 0 for no limit");
  base::add_value(app, "--watch-window", flags.watch_window,
                  "past events that watches can start from; 0 for 100,000 or 16 MiB of them");
  base::add_duration(app, "--grace", flags.grace, "how long running requests may take after a stop signal");
  add_debug_from(app, flags.debug_from);
  base::add_value(app, "-v", flags.verbosity, "verbosity of the log: 6 tells requests");
}

apiserver::Config apiserver_config(const ApiserverFlags& flags) {
  check_range("--secure-port", flags.port, 0, 65'535);
  if (flags.grace < base::Nanoseconds(0)) {
    throw base::Error(
        fmt::format("--grace: found {}, expected 0 or more", base::format_duration(flags.grace)));
  }
  if (!net::is_ip_address(flags.address)) {
    throw base::Error(
        fmt::format("--bind-address: found {}, expected an IP address", base::go_quote(flags.address)));
  }
  apiserver::Config config;
  config.address = flags.address;
  config.port = static_cast<std::uint16_t>(flags.port);
  config.identity = flags.identity;
  config.beside = [askers = askers_of(flags.debug_from)](const net::ServerRequest& request,
                                                         net::Responder& responder) {
    const bool asked = profile::is_profile_path(net::split_target(request.target).first);
    return asked ? std::optional(profile::answer(request, askers, responder)) : std::nullopt;
  };
  config.max_in_flight = flags.max_inflight;
  config.watch_window = flags.watch_window;
  config.log_requests = flags.verbosity >= request_verbosity;
  for (const std::string& each : flags.namespaces) {
    config.namespaces.push_back(apiserver::parse_namespace(each));
  }
  for (const std::string& each : flags.resources) config.resources.push_back(apiserver::parse_resource(each));
  for (const std::string& each : flags.faults) config.faults.push_back(apiserver::parse_fault(each));
  return config;
}

std::unique_ptr<apiserver::EmbeddedServer> start(const ApiserverFlags& flags) {
  try {
    return apiserver::EmbeddedServer::start(apiserver_config(flags));
  } catch (const apiserver::ListenError& error) {
    throw base::Error(
        fmt::format("--bind-address {} --secure-port {}: {}", flags.address, flags.port, error.what()));
  }
}

}  // namespace

int apiserver(const Invocation& invocation) {
  ApiserverFlags flags;
  CLI::App app("Serves the Kubernetes API from memory, over TLS.", "k8scale apiserver");
  declare_apiserver_flags(app, flags);
  app.footer(
      "Exit codes: 0 SIGINT or SIGTERM ended it; 1 a flag, an address, a port or a file cannot be used.");
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.verbosity);
  base::StopSignals signals;
  const auto server = start(flags);
  if (!flags.kubeconfig_out.empty()) {
    const base::Result<void> written =
        base::write_file_whole(flags.kubeconfig_out, server->kubeconfig(), base::FileMode::secret);
    if (written.has_error()) throw base::Error("--kubeconfig-out: " + written.error().detail());
  }
  fmt::print("k8scale apiserver listens on {}{}\n", server->url(),
             flags.kubeconfig_out.empty() ? "" : ", kubeconfig " + flags.kubeconfig_out);
  std::fflush(stdout);
  std::optional<int> signal;
  while (!signal) signal = signals.wait_until(std::chrono::steady_clock::now() + std::chrono::hours(1));
  base::log_info(fmt::format("{}: stopping", base::signal_name(signal.value_or(0))));
  server->stop(flags.grace);
  return 0;
}

}  // namespace k8scale::subcommands
