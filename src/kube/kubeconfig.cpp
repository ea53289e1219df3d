#include "kube/kubeconfig.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"
#include "k8scale/base/files.h"
#include "k8scale/base/text.h"
#include "k8scale/kube/proxy.h"
#include "k8scale/net/http.h"
#include "kube/yaml_file.h"

namespace k8scale::kube {
namespace {

namespace fs = std::filesystem;

// The entry NAME of the list `kind` ("users"), from the first file that has it: what is under `inner`
// ("user").
std::optional<YamlPlace> find_entry(const std::vector<YamlPlace>& files, const std::string& kind,
                                    const std::string& name, const std::string& inner) {
  for (const YamlPlace& file : files) {
    for (const YamlPlace& entry : file[kind].list()) {
      if (entry["name"].text() != name) continue;
      return entry[inner].renamed(fmt::format("{}[{}].{}", kind, name, inner));
    }
  }
  return std::nullopt;
}

std::string names_of(const std::vector<YamlPlace>& files, const std::string& kind) {
  std::string names;
  for (const YamlPlace& file : files) {
    for (const YamlPlace& entry : file[kind].list())
      names += (names.empty() ? "" : ", ") + entry["name"].text();
  }
  return names.empty() ? "none" : names;
}

YamlPlace needed_entry(const std::vector<YamlPlace>& files, const std::string& kind, const std::string& name,
                       const std::string& inner, const std::string& asked_by) {
  const auto found = find_entry(files, kind, name, inner);
  if (found) return *found;
  throw base::Error(fmt::format("{}: found no {} named {}, expected one of: {}", asked_by, inner,
                                base::go_quote(name), names_of(files, kind)),
                    configuration_exit_code);
}

fs::path resolved(const YamlPlace& place) {
  const fs::path path = place.text();
  return path.is_absolute() ? path : place.file().parent_path() / path;
}

// NAME-data in base64, or the file that NAME names.
PemText pem_text(const YamlPlace& place, const std::string& name) {
  const YamlPlace data = place[name + "-data"];
  if (!data.text().empty()) {
    const auto decoded = base::base64_decode(data.text());
    if (!decoded) data.fail("found something that is not base64, expected PEM in base64");
    return {*decoded, data.where()};
  }
  const YamlPlace file = place[name];
  if (file.text().empty()) return {};
  const base::Result<std::string> text = base::read_file(resolved(file));
  if (text.has_error()) file.fail(text.error().detail());
  return {*text, file.where()};
}

void read_cluster(const YamlPlace& cluster, Configuration& configuration) {
  const YamlPlace server = cluster["server"];
  if (server.text().empty()) cluster.fail("found no server, expected its URL");
  const base::Result<net::Url> url = net::parse_url(server.text());
  if (url.has_error()) server.fail(url.error().detail());
  configuration.server = url->endpoint;
  configuration.path_prefix = url->path == "/" ? "" : url->path;
  configuration.ca = pem_text(cluster, "certificate-authority");
  configuration.tls_server_name = cluster["tls-server-name"].text();
  configuration.verify_server = !cluster["insecure-skip-tls-verify"].boolean();
  if (!configuration.verify_server && !configuration.ca.pem.empty()) {
    cluster["insecure-skip-tls-verify"].fail(
        "found true beside a certificate-authority, expected only one of them");
  }
  const YamlPlace proxy = cluster["proxy-url"];
  if (!proxy.text().empty()) {
    configuration.proxy = parse_proxy_url(proxy.text(), proxy.where());
    configuration.proxy_origin = proxy.where();
  }
}

InteractiveMode interactive_mode(const YamlPlace& place, bool required) {
  const std::string text = place.text();
  if (text == "Never") return InteractiveMode::never;
  if (text == "Always") return InteractiveMode::always;
  if (text == "IfAvailable" || (text.empty() && !required)) return InteractiveMode::if_available;
  place.fail(fmt::format("found {}, expected Never, IfAvailable or Always", base::go_quote(text)));
}

ExecPlugin read_exec(const YamlPlace& exec, const YamlPlace& cluster) {
  ExecPlugin plugin;
  plugin.origin = exec.where();
  plugin.api_version = exec["apiVersion"].text();
  constexpr std::string_view v1 = "client.authentication.k8s.io/v1";
  constexpr std::string_view v1beta1 = "client.authentication.k8s.io/v1beta1";
  if (plugin.api_version != v1 && plugin.api_version != v1beta1) {
    exec["apiVersion"].fail(
        fmt::format("found {}, expected {} or {}", base::go_quote(plugin.api_version), v1, v1beta1));
  }
  const fs::path command = exec["command"].text();
  if (command.empty()) exec.fail("found no command, expected the plugin's program");
  // Only a path with a folder is against the file's folder; a bare name is looked up in PATH.
  plugin.command = command.has_parent_path() ? resolved(exec["command"]).string() : command.string();
  for (const YamlPlace& argument : exec["args"].list()) plugin.arguments.push_back(argument.text());
  for (const YamlPlace& variable : exec["env"].list()) {
    plugin.environment.emplace_back(variable["name"].text(), variable["value"].text());
  }
  plugin.install_hint = exec["installHint"].text();
  plugin.provide_cluster_info = exec["provideClusterInfo"].boolean();
  plugin.interactive_mode = interactive_mode(exec["interactiveMode"], plugin.api_version == v1);
  for (const YamlPlace& extension : cluster["extensions"].list()) {
    if (extension["name"].text() == "client.authentication.k8s.io/exec") {
      plugin.cluster_config = extension["extension"].json();
    }
  }
  return plugin;
}

// A text that goes into a header field.
std::string field_text(const YamlPlace& place) {
  std::string text = place.text();
  if (!net::is_field_value(text)) {
    place.fail("found a line break or another control character, expected a text without");
  }
  return text;
}

Impersonation read_impersonation(const YamlPlace& user) {
  Impersonation who;
  who.user = field_text(user["as"]);
  who.uid = field_text(user["as-uid"]);
  for (const YamlPlace& group : user["as-groups"].list()) who.groups.push_back(field_text(group));
  for (const auto& [key, values] : user["as-user-extra"].map()) {
    for (const YamlPlace& value : values.list()) who.extra[key].push_back(field_text(value));
  }
  const bool more = !who.uid.empty() || !who.groups.empty() || !who.extra.empty();
  if (who.user.empty() && more)
    user.fail("found as-uid, as-groups or as-user-extra without as, expected a user");
  return who;
}

void read_user(const YamlPlace& user, const YamlPlace& cluster, Configuration& configuration) {
  configuration.client_certificate = pem_text(user, "client-certificate");
  configuration.client_key = pem_text(user, "client-key");
  if (configuration.client_certificate.pem.empty() != configuration.client_key.pem.empty()) {
    user.fail("found only one of client-certificate and client-key, expected both");
  }
  configuration.token = field_text(user["token"]);
  const YamlPlace token_file = user["tokenFile"];
  if (!token_file.text().empty()) {
    configuration.token_file = resolved(token_file);
    configuration.token_file_origin = token_file.where();
  }
  configuration.username = user["username"].text();
  configuration.password = user["password"].text();
  if (!configuration.token.empty() && !configuration.username.empty()) {
    user.fail("found token and username, expected only one of them");
  }
  configuration.impersonation = read_impersonation(user);
  const YamlPlace exec = user["exec"];
  if (!exec.empty()) configuration.exec = read_exec(exec, cluster);
  const bool says_who =
      !configuration.token.empty() || !token_file.text().empty() || !configuration.username.empty();
  if (says_who) configuration.exec.reset();  // as kubectl does
  if (!user["auth-provider"].empty()) {
    user["auth-provider"].fail(
        "found an auth-provider, which Kubernetes has removed; expected exec or another credential");
  }
}

std::string chosen_context(const std::vector<YamlPlace>& files, const std::string& asked) {
  if (!asked.empty()) return asked;
  for (const YamlPlace& file : files) {
    std::string current = file["current-context"].text();
    if (!current.empty()) return current;
  }
  throw base::Error(fmt::format("{}: found no current-context, expected one, or --context with one of: {}",
                                files.front().file().string(), names_of(files, "contexts")),
                    configuration_exit_code);
}

}  // namespace

Configuration read_kubeconfig(const std::vector<fs::path>& names, const std::string& asked_context) {
  std::vector<YamlPlace> files;
  files.reserve(names.size());
  for (const fs::path& name : names) files.push_back(YamlPlace::open(name));
  const std::string context_name = chosen_context(files, asked_context);
  const std::string asked_by =
      asked_context.empty() ? files.front().file().string() + ": current-context" : "--context";
  const YamlPlace context = needed_entry(files, "contexts", context_name, "context", asked_by);
  const YamlPlace cluster =
      needed_entry(files, "clusters", context["cluster"].text(), "cluster", context["cluster"].where());

  Configuration configuration;
  configuration.context = context_name;
  configuration.source = context.file().string();
  const std::string namespace_name = context["namespace"].text();
  if (!namespace_name.empty()) configuration.namespace_name = namespace_name;
  read_cluster(cluster, configuration);
  const YamlPlace user_name = context["user"];
  if (!user_name.text().empty()) {
    read_user(needed_entry(files, "users", user_name.text(), "user", user_name.where()), cluster,
              configuration);
  }
  return configuration;
}

}  // namespace k8scale::kube
