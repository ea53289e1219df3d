#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "k8scale/base/error.h"
#include "k8scale/net/url.h"

/// Where the API server is and who we are: kubeconfig files and the files of a pod, as kubectl reads them.
namespace k8scale::kube {

/// The exit code of every error in a configuration or its credentials.
inline constexpr int configuration_exit_code = 20;

/// A certificate or key and, for errors, the file, line and field that it came from.
struct PemText {
  std::string pem;
  std::string origin;
};

enum class InteractiveMode { never, if_available, always };

/// A program that gives credentials (client.authentication.k8s.io v1 and v1beta1).
struct ExecPlugin {
  std::string api_version;
  std::string command;  ///< looked up in PATH unless it has a "/"
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  ///< added to our own
  std::string install_hint;
  bool provide_cluster_info = false;
  InteractiveMode interactive_mode = InteractiveMode::if_available;
  std::string cluster_config;  ///< JSON of the cluster's extension of that name; empty: none
  std::string origin;
};

/// Whom the requests claim to be (Impersonate-* headers).
struct Impersonation {
  std::string user;  ///< empty: no impersonation
  std::string uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
};

/// Everything needed to talk to one API server. Holds secrets: never log it as a whole.
struct Configuration {
  net::Endpoint server;
  std::string path_prefix;  ///< of the server's URL, without a trailing "/"; usually empty
  PemText ca;               ///< empty: what the system trusts
  /// Where `ca` came from, read again every minute; empty: it does not change.
  std::filesystem::path ca_file;
  PemText client_certificate;
  PemText client_key;
  std::string tls_server_name;  ///< empty: the server's host
  bool verify_server = true;
  std::optional<net::Url> proxy;
  std::string proxy_origin;  ///< what names `proxy`, for messages

  std::string token;
  std::string token_file_origin;  ///< what names `token_file`, for messages; empty: the pod's service account
  std::filesystem::path token_file;  ///< read again every minute; wins over `token` as long as it can be read
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;
  Impersonation impersonation;

  std::string namespace_name = "default";
  std::string context;        ///< empty: none
  std::string source;         ///< for people: the file, "the pod's service account" or "--server"
  std::string server_source;  ///< the same of the server's URL, which a flag may replace
};

/// Proxy variables of the environment, as golang.org/x/net/http/httpproxy reads them.
struct ProxyVariables {
  std::string https_proxy;  ///< for https servers: a URL, or host:port of an http proxy
  std::string http_proxy;   ///< for http servers
  std::string
      no_proxy;  ///< comma list: `*`, addresses, CIDR, host names with their subdomains, each with :port
};

/// What decides the configuration, so that a test needs no environment. Empty means not given.
struct ConfigurationSources {
  std::string kubeconfig;                ///< --kubeconfig: this file, and it must exist
  std::string kubeconfig_variable;       ///< $KUBECONFIG: colon list, the first file that sets a value wins
  std::filesystem::path home;            ///< for HOME/.kube/config
  std::string context;                   ///< --context
  std::string server;                    ///< --server: replaces the URL only
  std::string server_flag = "--server";  ///< the flag that gave it, for errors
  std::string embedded_flag;  ///< the flag for a server of our own, for errors; empty: there is none
  std::string first_of_list;  ///< the first URL of --server-list: the server when nothing else names one
  std::string service_host;   ///< $KUBERNETES_SERVICE_HOST
  std::string service_port;   ///< $KUBERNETES_SERVICE_PORT
  /// A folder with token, ca.crt and namespace, as pods have it; $K8SCALE_SERVICEACCOUNT_DIR.
  std::filesystem::path service_account = "/var/run/secrets/kubernetes.io/serviceaccount";
  ProxyVariables proxy;

  /// With everything that comes from environment variables; flags are left empty.
  [[nodiscard]] static ConfigurationSources from_environment();
};

/// Nothing names an API server.
class NoServerError : public base::Error {
 public:
  NoServerError(const std::string& found, std::string advice)
      : base::Error(found + "; " + advice, configuration_exit_code),
        found_(found),
        advice_(std::move(advice)) {}
  /// Where it was looked for.
  [[nodiscard]] const std::string& found() const { return found_; }
  /// The flags that name one.
  [[nodiscard]] const std::string& advice() const { return advice_; }

 private:
  std::string found_;
  std::string advice_;
};

/// Tries in kubectl's order: --kubeconfig; $KUBECONFIG, or else ~/.kube/config; the pod's service account;
/// and --server or --server-list alone. Throws NoServerError, or base::Error with exit code 20 and one line
/// that names file, line and field.
[[nodiscard]] Configuration load_configuration(const ConfigurationSources& sources);

/// One line for the log: where it came from, which server, and by what we and the server know each other. It
/// has no secret.
[[nodiscard]] std::string description(const Configuration& configuration);

}  // namespace k8scale::kube
