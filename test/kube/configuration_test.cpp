#include "k8scale/kube/configuration.h"

#include <string>

#include "catch.h"
#include "temporary_folder.h"
#include "thrown.h"

namespace kube = k8scale::kube;
using k8scale::test::TemporaryFolder;

namespace {

std::string config_of_host(const std::string& host) {
  return "current-context: k\ncontexts: [{name: k, context: {cluster: k}}]\n"
         "clusters: [{name: k, cluster: {server: \"https://" +
         host + "\"}}]\n";
}

// Sources that find nothing, with a home folder for files.
kube::ConfigurationSources nothing(const TemporaryFolder& home) {
  kube::ConfigurationSources sources;
  sources.home = home.path();
  sources.service_account = home / "serviceaccount";
  return sources;
}

void put_in_pod(const TemporaryFolder& folder, kube::ConfigurationSources& sources) {
  folder.write("serviceaccount/token", "pod-token\n");
  folder.write("serviceaccount/ca.crt", "the authority");
  folder.write("serviceaccount/namespace", "pod-namespace\n");
  sources.service_host = "10.0.0.1";
  sources.service_port = "443";
}

}  // namespace

TEST_CASE("places are tried in kubectl's order") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  put_in_pod(folder, sources);
  CHECK(load_configuration(sources).source == "the pod's service account");
  folder.write(".kube/config", config_of_host("home"));
  CHECK(load_configuration(sources).server.host == "home");
  const std::string variable = folder.write("variable", config_of_host("variable")).string();
  sources.kubeconfig_variable = (folder / "missing").string() + "::" + variable;
  CHECK(load_configuration(sources).server.host == "variable");
  sources.kubeconfig = folder.write("flag", config_of_host("flag")).string();
  CHECK(load_configuration(sources).server.host == "flag");
}

TEST_CASE("with the variable set the home folder is not looked at") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  folder.write(".kube/config", config_of_host("home"));
  sources.kubeconfig_variable = (folder / "missing").string();
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("no file of $KUBECONFIG exists"));
}

TEST_CASE("with nothing found the error says what was looked for and which flags name a server") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("-kubeconfig is not given") && Catch::Contains("$KUBECONFIG is not set") &&
                 Catch::Contains((folder / ".kube/config").string()) &&
                 Catch::EndsWith("; name one with -kubeconfig or --server"));
  sources.server_flag = "-override-server";
  sources.embedded_flag = "--embedded";
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::EndsWith("; name one with -kubeconfig or -override-server, or try the built-in one with "
                             "--embedded"));
}

TEST_CASE("a file that the flag names must exist") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  put_in_pod(folder, sources);
  sources.kubeconfig = (folder / "missing").string();
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("missing: No such file"));
}

TEST_CASE("a pod's service account is three files and two variables") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  put_in_pod(folder, sources);
  const kube::Configuration pod = load_configuration(sources);
  CHECK(pod.server.url() == "https://10.0.0.1");
  CHECK(pod.ca.pem == "the authority");
  CHECK(pod.ca.origin == (folder / "serviceaccount/ca.crt").string());
  CHECK(pod.token_file == folder / "serviceaccount/token");
  CHECK(pod.namespace_name == "pod-namespace");
  sources.service_host = "fd00::1";
  sources.service_port = "6443";
  CHECK(load_configuration(sources).server.url() == "https://[fd00::1]:6443");
}

TEST_CASE("what is missing of a pod is told") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  put_in_pod(folder, sources);
  sources.service_port = "https";
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("$KUBERNETES_SERVICE_PORT") && Catch::Contains("10.0.0.1:https"));
  sources.service_port = "443";
  std::filesystem::remove(folder / "serviceaccount/ca.crt");
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("the pod's service account") && Catch::Contains("ca.crt: No such file"));
  std::filesystem::remove(folder / "serviceaccount/token");
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("not a pod"));
}

TEST_CASE("the flag --server replaces the address and nothing else, and is enough alone") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  sources.server = "http://localhost:8080/prefix";
  const kube::Configuration alone = load_configuration(sources);
  CHECK(alone.server.url() == "http://localhost:8080");
  CHECK(alone.path_prefix == "/prefix");
  put_in_pod(folder, sources);
  sources.server = "other:6443";
  const kube::Configuration pod = load_configuration(sources);
  CHECK(pod.server.url() == "https://other:6443");
  CHECK(pod.token_file == folder / "serviceaccount/token");
}

TEST_CASE("the first of --server-list is the server when nothing else names one") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  sources.first_of_list = "ftp://x";
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("--server-list: found \"ftp://x"));
  sources.first_of_list = "http://localhost:8080";
  const kube::Configuration alone = load_configuration(sources);
  CHECK(alone.server.url() == "http://localhost:8080");
  CHECK(alone.source == "--server-list");
  put_in_pod(folder, sources);
  CHECK(load_configuration(sources).server.host != "localhost");
  sources.server = "other:6443";
  CHECK(load_configuration(sources).server.url() == "https://other:6443");
}

TEST_CASE("a server or a context that cannot be used names its flag") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  sources.server = GENERATE(as<std::string>(), "ftp://x", "https://", "https://x:0", "https://x:123456",
                            "a b", "https://[::1");
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("--server: found \"" + sources.server));
  sources.context = "k";
  CHECK_THAT(kube::thrown([&] { static_cast<void>(load_configuration(sources)); }),
             Catch::Contains("--context: found \"k\", but there is no kubeconfig"));
}

TEST_CASE("a proxy of the environment is used unless the cluster has its own") {
  const TemporaryFolder folder;
  kube::ConfigurationSources sources = nothing(folder);
  sources.kubeconfig = folder.write("config", config_of_host("k.example.com")).string();
  sources.proxy = {"proxy:3128", "http://plain:8080", "other.example.com"};
  REQUIRE(load_configuration(sources).proxy.has_value());
  CHECK(load_configuration(sources).proxy->endpoint.url() == "http://proxy:3128");
  sources.server = "http://k.example.com";
  CHECK(load_configuration(sources).proxy->endpoint.url() == "http://plain:8080");
  sources.server = "https://other.example.com";
  CHECK_FALSE(load_configuration(sources).proxy.has_value());
}

TEST_CASE("a description says where all comes from, and no secret") {
  kube::Configuration configuration;
  configuration.source = "/home/me/.kube/config";
  configuration.context = "k";
  configuration.server = {"k.example.com", 6443, true};
  configuration.path_prefix = "/prefix";
  configuration.ca = {"the authority", "/home/me/ca.crt"};
  configuration.token = "token-secret";
  configuration.client_certificate = {"certificate-secret", "/home/me/me.crt"};
  configuration.client_key = {"key-secret", "/home/me/me.key"};
  configuration.proxy = k8scale::net::parse_url("http://me:proxy-secret@proxy:3128").value();
  configuration.impersonation.user = "somebody";
  CHECK(description(configuration) ==
        "configuration: /home/me/.kube/config, context \"k\"; server https://k.example.com:6443/prefix; "
        "server verified by /home/me/ca.crt; credentials: token, client certificate from /home/me/me.crt; "
        "as \"somebody\"; through proxy http://proxy:3128");

  kube::Configuration bare;
  bare.source = "--server";
  bare.server = {"127.0.0.1", 80, false};
  CHECK(description(bare) == "configuration: --server; server http://127.0.0.1; no TLS; credentials: none");
  bare.username = "me";
  bare.password = "password-secret";
  CHECK(description(bare).ends_with("credentials: password of \"me\""));
  bare.token_file = "/run/token";
  CHECK(description(bare).ends_with("credentials: token file /run/token"));
  bare.exec.emplace().command = "aws";
  bare.exec->arguments = {"argument-secret"};
  CHECK(description(bare).ends_with("credentials: exec plugin aws"));
}
