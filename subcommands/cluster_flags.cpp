#include "cluster_flags.h"

#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/log.h"
#include "k8scale/net/url.h"

namespace k8scale::subcommands {
namespace {

kube::Configuration configuration_of(const apiserver::EmbeddedServer& server) {
  kube::Configuration configuration;
  configuration.server = {"127.0.0.1", server.port(), true};
  configuration.ca = {server.ca_pem(), "the built-in server's CA"};
  configuration.token = server.token();
  configuration.source = "--embedded";
  return configuration;
}

}  // namespace

void ClusterFlags::declare_server(CLI::App& app, const std::string& server_names) {
  base::add_value(app, "--kubeconfig", kubeconfig,
                  "kubeconfig file; without it $KUBECONFIG, ~/.kube/config, then the pod's service account")
      ->type_name("FILE");
  base::add_value(app, "--context", context, "context of the kubeconfig; without it the current one");
  base::add_value(app, server_names, server, "URL of the API server, instead of the kubeconfig's");
}

void ClusterFlags::declare(CLI::App& app, const std::string& server_names) {
  declare_server(app, server_names);
  embedded_flag = "--embedded";
  base::add_bool(app, embedded_flag, embedded, "run against an API server in this very process");
  app.add_option("--fault", faults, "with --embedded: a fault rule, see docs/apiserver.md; may be repeated")
      ->type_name("RULE");
  base::add_value(app, "--max-inflight", max_inflight,
                  "with --embedded: requests at a time, 429 beyond; 0 for no limit");
  base::add_value(
      app, "--watch-window", watch_window,
      "with --embedded: past events that watches can start from; 0 for 100,000 or 16 MiB of them");
}

Cluster open_cluster(const ClusterFlags& flags, const std::string& first_of_list) {
  Cluster cluster;
  if (!flags.embedded) {
    if (!flags.faults.empty() || flags.max_inflight != 0 || flags.watch_window != 0) {
      throw base::Error(
          "--fault, --max-inflight and --watch-window are for the built-in server: expected --embedded too");
    }
    kube::ConfigurationSources sources = kube::ConfigurationSources::from_environment();
    sources.kubeconfig = flags.kubeconfig;
    sources.context = flags.context;
    sources.server = flags.server;
    sources.first_of_list = first_of_list;
    sources.server_flag = flags.server_flag;
    sources.embedded_flag = flags.embedded_flag;
    cluster.configuration = kube::load_configuration(sources);
    base::log_verbose(2, kube::description(cluster.configuration));
    return cluster;
  }
  if (!flags.kubeconfig.empty() || !flags.context.empty() || !flags.server.empty()) {
    throw base::Error("--embedded is a server of its own: expected none of -kubeconfig, --context, " +
                      flags.server_flag);
  }
  apiserver::Config config;
  config.max_in_flight = flags.max_inflight;
  config.namespaces = {std::string(namespace_name)};  // not by a request, which a fault could hit
  config.watch_window = flags.watch_window;
  for (const std::string& rule : flags.faults) config.faults.push_back(apiserver::parse_fault(rule));
  cluster.embedded = apiserver::EmbeddedServer::start(std::move(config));
  cluster.configuration = configuration_of(*cluster.embedded);
  base::log_verbose(2, kube::description(cluster.configuration));
  return cluster;
}

}  // namespace k8scale::subcommands
