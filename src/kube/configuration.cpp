#include "k8scale/kube/configuration.h"

#include <fmt/format.h>

#include "k8scale/base/environment.h"
#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/text.h"
#include "k8scale/kube/proxy.h"
#include "kube/kubeconfig.h"

namespace k8scale::kube {
namespace {

namespace fs = std::filesystem;

// As Go's httpproxy reads them: the upper-case name first.
std::string either_case(const std::string& name) {
  const std::string upper = base::environment_variable(name.c_str());
  return upper.empty() ? base::environment_variable(base::lower(name).c_str()) : upper;
}

// The files of $KUBECONFIG that exist; without the variable, the one in the home folder if it exists.
std::vector<fs::path> default_files(const ConfigurationSources& sources) {
  std::vector<fs::path> candidates;
  for (const std::string& each : base::split(sources.kubeconfig_variable, ':')) {
    if (!each.empty()) candidates.emplace_back(each);
  }
  if (candidates.empty() && !sources.home.empty()) candidates.push_back(sources.home / ".kube" / "config");
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const fs::path& each : candidates) {
    if (fs::exists(each, ignored)) found.push_back(each);
  }
  return found;
}

bool in_a_pod(const ConfigurationSources& sources) {
  std::error_code ignored;
  return !sources.service_host.empty() && !sources.service_port.empty() &&
         fs::exists(sources.service_account / "token", ignored);
}

Configuration pod_configuration(const ConfigurationSources& sources) {
  Configuration configuration;
  const bool is_v6 = sources.service_host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + sources.service_host + "]" : sources.service_host;
  const base::Result<net::Endpoint> endpoint = net::parse_host_port(host + ":" + sources.service_port, "");
  if (endpoint.has_error()) {
    throw base::Error("$KUBERNETES_SERVICE_HOST, $KUBERNETES_SERVICE_PORT: " + endpoint.error().detail(),
                      configuration_exit_code);
  }
  configuration.server = *endpoint;
  configuration.server.tls = true;
  configuration.token_file = sources.service_account / "token";
  const fs::path ca = sources.service_account / "ca.crt";
  const base::Result<std::string> ca_text = base::read_file(ca);
  if (ca_text.has_error()) {
    throw base::Error("the pod's service account: " + ca_text.error().detail(), configuration_exit_code);
  }
  configuration.ca = {*ca_text, ca.string()};
  configuration.ca_file = ca;
  const base::Result<std::string> name = base::read_file(sources.service_account / "namespace");
  if (name.has_value() && !base::trim(*name).empty()) configuration.namespace_name = base::trim(*name);
  configuration.source = "the pod's service account";
  return configuration;
}

void set_server(Configuration& configuration, const std::string& flag, const std::string& text) {
  const base::Result<net::Url> url = net::parse_url(text);
  if (url.has_error()) throw base::Error(flag + ": " + url.error().detail(), configuration_exit_code);
  configuration.server = url->endpoint;
  configuration.path_prefix = url->path == "/" ? "" : url->path;
}

NoServerError nothing_found(const ConfigurationSources& sources) {
  const std::string variable_text =
      sources.kubeconfig_variable.empty() ? "$KUBECONFIG is not set" : "no file of $KUBECONFIG exists";
  const std::string home_text =
      sources.home.empty() ? "there is no home folder"
                           : fmt::format("{} does not exist", (sources.home / ".kube" / "config").string());
  const std::string embedded_text =
      sources.embedded_flag.empty() ? ""
                                    : fmt::format(", or try the built-in one with {}", sources.embedded_flag);
  return {fmt::format(
              "no API server: -kubeconfig is not given, {}, {}, and this is not a pod with a service account",
              variable_text, home_text),
          fmt::format("name one with -kubeconfig or {}{}", sources.server_flag, embedded_text)};
}

Configuration choose(const ConfigurationSources& sources) {
  if (!sources.kubeconfig.empty()) return read_kubeconfig({sources.kubeconfig}, sources.context);
  const std::vector<fs::path> files = default_files(sources);
  if (!files.empty()) return read_kubeconfig(files, sources.context);
  if (!sources.context.empty()) {
    throw base::Error(fmt::format("--context: found {}, but there is no kubeconfig that could have it",
                                  base::go_quote(sources.context)),
                      configuration_exit_code);
  }
  if (in_a_pod(sources)) return pod_configuration(sources);
  if (sources.server.empty() && sources.first_of_list.empty()) throw nothing_found(sources);
  Configuration configuration;
  configuration.source = sources.server.empty() ? "--server-list" : sources.server_flag;
  if (sources.server.empty()) set_server(configuration, configuration.source, sources.first_of_list);
  return configuration;
}

}  // namespace

ConfigurationSources ConfigurationSources::from_environment() {
  ConfigurationSources sources;
  sources.kubeconfig_variable = base::environment_variable("KUBECONFIG");
  sources.home = base::environment_variable("HOME");
  sources.service_host = base::environment_variable("KUBERNETES_SERVICE_HOST");
  sources.service_port = base::environment_variable("KUBERNETES_SERVICE_PORT");
  const std::string service_account = base::environment_variable("K8SCALE_SERVICEACCOUNT_DIR");
  if (!service_account.empty()) sources.service_account = service_account;
  sources.proxy = {either_case("HTTPS_PROXY"), either_case("HTTP_PROXY"), either_case("NO_PROXY")};
  return sources;
}

Configuration load_configuration(const ConfigurationSources& sources) {
  Configuration configuration = choose(sources);
  configuration.server_source = configuration.source;
  if (!sources.server.empty()) {
    set_server(configuration, sources.server_flag, sources.server);
    configuration.server_source = sources.server_flag;
  }
  if (!configuration.proxy) {
    configuration.proxy = proxy_from_variables(sources.proxy, configuration.server);
    configuration.proxy_origin = configuration.server.tls ? "$HTTPS_PROXY" : "$HTTP_PROXY";
  }
  return configuration;
}

}  // namespace k8scale::kube
