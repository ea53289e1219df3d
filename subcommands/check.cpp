#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "check_clock.h"
#include "check_permissions.h"
#include "check_report.h"
#include "check_server.h"
#include "cluster_flags.h"
#include "discover.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/kube/credentials.h"
#include "needs.h"
#include "observe_flags.h"
#include "subcommands.h"
#include "tools.h"
#include "unknown_word.h"

namespace k8scale::subcommands {
namespace {

constexpr int lacking_exit_code = 3;
constexpr const char* check_footer =
    "Without SUBCOMMAND, all are looked at, and a resource that the server does not have is no failure.\n"
    "Exit codes: 0 nothing has failed; 1 a flag; 2 an unknown subcommand; 3 something is missing on the "
    "server,\n"
    "or not granted; 20 the configuration, its credentials, or the server behind it.";

struct CheckFlags {
  std::vector<std::string> subcommands;
  std::string resource = "v1/configmaps";
  bool json = false;
  ClusterFlags cluster;
  int verbosity = 0;
};

void declare_check_flags(CLI::App& app, CheckFlags& flags) {
  app.add_option("subcommand", flags.subcommands, "those whose permissions are looked at")
      ->type_name("SUBCOMMAND");
  base::add_value(
      app, "--resource", flags.resource,
      "what drive, logger and watch are about: group/version/plural, or version/plural for the core "
      "group");
  base::add_bool(app, "--json", flags.json, "print the findings as JSON");
  flags.cluster.declare(app);
  base::add_value(app, "-v", flags.verbosity, verbosity_help);
}

// All of them, or those that were named.
std::vector<std::string> chosen(const CheckFlags& flags) {
  for (const std::string& each : flags.subcommands) {
    if (find(each) == nullptr) throw unknown_subcommand(each);
    if (needs_of(each, {parse_resource(flags.resource)}).empty()) {
      throw base::Error(fmt::format("{} talks to no API server: expected one that does", each));
    }
  }
  if (!flags.subcommands.empty()) return flags.subcommands;
  std::vector<std::string> names;
  for (const Subcommand& each : all()) names.emplace_back(each.name);
  return names;
}

void check_permissions(CheckReport& report, const CheckFlags& flags, const std::vector<std::string>& names,
                       net::Shard& shard, kube::Client& client) {
  PermissionCheck permissions(report, shard, client);
  const NeededResources resources{parse_resource(flags.resource), likely_flunders(shard, client)};
  const auto writes = [&](const std::string& name) {
    return std::ranges::any_of(needs_of(name, resources), [](const Need& need) {
      return std::ranges::find(need.verbs, "create") != need.verbs.end();
    });
  };
  if (std::ranges::any_of(names, writes)) permissions.check_namespace();
  for (const std::string& name : names) {
    const std::vector<Need> needs = needs_of(name, resources);
    if (needs.empty()) continue;
    try {
      permissions.check(name, needs, !flags.subcommands.empty());
    } catch (const base::Error& error) {  // what the server cannot tell of one says nothing of the others
      report.add(name, Verdict::failed, error.what(), "look at the server's own log");
    }
  }
}

// The exit code.
int check_chosen(CheckReport& report, const CheckFlags& flags, const std::vector<std::string>& names) {
  check_file_limit(report);
  std::optional<Cluster> cluster;
  std::shared_ptr<kube::Credentials> credentials;
  try {
    cluster = open_cluster(flags.cluster);
    credentials = kube::Credentials::load(cluster->configuration);
  } catch (const kube::NoServerError& error) {
    report.add("configuration", Verdict::failed, error.found(), error.advice());
    return kube::configuration_exit_code;
  } catch (const base::Error& error) {
    if (error.exit_code() != kube::configuration_exit_code) throw;
    report.add("configuration", Verdict::failed, error.what(),
               "correct what it names, or name another server");
    return kube::configuration_exit_code;
  }
  const kube::Configuration& configuration = cluster->configuration;
  const std::string context = configuration.context.empty() ? "" : ", context " + configuration.context;
  report.add("configuration", Verdict::ok, configuration.source + context);
  net::Shard shard("check");
  kube::ClientOptions options;
  options.user_agent = "k8scale check";
  options.retries = 2;
  options.request_timeout = std::chrono::seconds(15);
  kube::Client client(shard, configuration, credentials, options);
  const net::StopFirst stop_first(shard);
  report.server = client.server();
  if (!check_server(report, configuration, shard, client)) return kube::configuration_exit_code;
  check_clock(report, shard, client);
  check_permissions(report, flags, names, shard, client);
  return report.has_failed() ? lacking_exit_code : 0;
}

}  // namespace

int check(const Invocation& invocation) {
  CheckFlags flags;
  CLI::App app(
      "Tries the configured server: whether it can be reached and trusted, what it grants, how far away it "
      "is.",
      "k8scale check");
  declare_check_flags(app, flags);
  app.footer(check_footer);
  if (const auto exit_code = parse(app, invocation)) return *exit_code;
  base::set_verbosity(flags.verbosity);
  const std::vector<std::string> names = chosen(flags);
  CheckReport report;
  const int exit_code = check_chosen(report, flags, names);
  if (flags.json) {
    std::cout << to_json(report).dump(2) << std::endl;
  } else {
    print_text(std::cout, report);
    std::cout.flush();
  }
  return exit_code;
}

}  // namespace k8scale::subcommands
