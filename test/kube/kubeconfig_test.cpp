#include "kube/kubeconfig.h"

#include <string>

#include "catch.h"
#include "k8scale/base/text.h"
#include "temporary_folder.h"
#include "thrown.h"

namespace base = k8scale::base;
namespace kube = k8scale::kube;
using k8scale::test::TemporaryFolder;

namespace {

constexpr const char* two_contexts = R"(
apiVersion: v1
kind: Config
current-context: one
contexts:
- name: one
  context: {cluster: east, user: ann, namespace: here}
- name: two
  context: {cluster: west, user: bob}
clusters:
- name: east
  cluster: {server: "https://east.example.com:6443/prefix/"}
- name: west
  cluster: {server: "http://10.0.0.1", tls-server-name: west.internal}
users:
- name: ann
  user: {token: ann-token}
- name: bob
  user: {username: bob, password: "secret: word"}
)";

// A kubeconfig of one cluster and one user, each given as a YAML map in braces.
std::string config(const std::string& cluster, const std::string& user = "{}") {
  return "current-context: k\ncontexts: [{name: k, context: {cluster: k, user: k}}]\nclusters:\n- name: k\n  "
         "cluster: " +
         cluster + "\nusers:\n- name: k\n  user: " + user + "\n";
}
constexpr const char* some_server = R"({server: "https://k"})";

kube::Configuration read(const TemporaryFolder& folder, const std::string& text,
                         const std::string& context = "") {
  return kube::read_kubeconfig({folder.write("config", text)}, context);
}

}  // namespace

TEST_CASE("the current context names server, namespace and user") {
  const TemporaryFolder folder;
  const kube::Configuration one = read(folder, two_contexts);
  CHECK(one.context == "one");
  CHECK(one.server.url() == "https://east.example.com:6443");
  CHECK(one.path_prefix == "/prefix");
  CHECK(one.namespace_name == "here");
  CHECK(one.token == "ann-token");
  CHECK(one.verify_server);
  CHECK(one.source == (folder / "config").string());
}

TEST_CASE("another context can be chosen") {
  const TemporaryFolder folder;
  const kube::Configuration two = read(folder, two_contexts, "two");
  CHECK(two.server.url() == "http://10.0.0.1");
  CHECK(two.tls_server_name == "west.internal");
  CHECK(two.namespace_name == "default");
  CHECK(two.username == "bob");
  CHECK(two.password == "secret: word");
  CHECK(two.token.empty());
}

TEST_CASE("a kubeconfig may be JSON") {
  const TemporaryFolder folder;
  const kube::Configuration read_one = read(folder, R"({"current-context": "k", "contexts": [{"name": "k",
    "context": {"cluster": "k", "user": "k"}}], "clusters": [{"name": "k", "cluster": {"server": "https://k"}}],
    "users": [{"name": "k", "user": {"token": "t"}}]})");
  CHECK(read_one.token == "t");
}

TEST_CASE("of several files the first that has an entry counts") {
  const TemporaryFolder folder;
  const auto first = folder.write("first", R"(
contexts: [{name: k, context: {cluster: k, user: k}}]
users: [{name: k, user: {token: first}}]
)");
  const auto second = folder.write("second", R"(
current-context: k
contexts: [{name: k, context: {cluster: other, user: other}}]
clusters: [{name: k, cluster: {server: "https://second"}}]
users: [{name: k, user: {token: second, as: second}}]
)");
  const auto third = folder.write("third", R"(
current-context: other
clusters: [{name: k, cluster: {server: "https://third"}}]
)");
  const kube::Configuration merged = kube::read_kubeconfig({first, second, third}, "");
  CHECK(merged.context == "k");
  CHECK(merged.server.host == "second");
  CHECK(merged.token == "first");
  CHECK(merged.impersonation.user.empty());  // entries count whole
}

TEST_CASE("relative paths are against the folder of the file that has them") {
  const TemporaryFolder folder;
  folder.write("a/pki/ca.pem", "the authority");
  folder.write("b/cert.pem", "the certificate");
  folder.write("key.pem", "the key");
  const auto a = folder.write(
      "a/config", config(R"({server: "https://k", certificate-authority: pki/ca.pem})") + "x: 1\n");
  const auto b =
      folder.write("b/config",
                   "users: [{name: k, user: {client-certificate: cert.pem, client-key: ../key.pem, "
                   "tokenFile: sub/token}}]\n");
  const kube::Configuration merged = kube::read_kubeconfig({b, a}, "");
  CHECK(merged.ca.pem == "the authority");
  CHECK(merged.client_certificate.pem == "the certificate");
  CHECK(merged.client_key.pem == "the key");
  CHECK(merged.token_file == folder / "b/sub/token");
}

TEST_CASE("data in the file wins over the name of a file") {
  const TemporaryFolder folder;
  const kube::Configuration k =
      read(folder, config(R"({server: "https://k", certificate-authority: missing, )"
                          "certificate-authority-data: " +
                          base::base64_encode("the authority") + "}"));
  CHECK(k.ca.pem == "the authority");
  CHECK(k.ca.origin == (folder / "config").string() + ":5: clusters[k].cluster.certificate-authority-data");
}

TEST_CASE("verification can be turned off, and the server's name be another") {
  const TemporaryFolder folder;
  const kube::Configuration k =
      read(folder,
           config(R"({server: "https://10.0.0.1", insecure-skip-tls-verify: true, tls-server-name: kube})"));
  CHECK_FALSE(k.verify_server);
  CHECK(k.tls_server_name == "kube");
}

TEST_CASE("a proxy of the cluster") {
  const TemporaryFolder folder;
  const kube::Configuration k =
      read(folder, config(R"({server: "https://k", proxy-url: "http://me:pass%20word@proxy:3128"})"));
  REQUIRE(k.proxy.has_value());
  CHECK(k.proxy->endpoint.url() == "http://proxy:3128");
  CHECK(k.proxy->user == "me");
  CHECK(k.proxy->password == "pass word");
}

TEST_CASE("whom the user acts for") {
  const TemporaryFolder folder;
  const kube::Configuration k = read(
      folder,
      config(some_server, "{as: ann, as-uid: u1, as-groups: [g1, g2], as-user-extra: {scopes: [a, b]}}"));
  CHECK(k.impersonation.user == "ann");
  CHECK(k.impersonation.uid == "u1");
  CHECK(k.impersonation.groups == std::vector<std::string>{"g1", "g2"});
  CHECK(k.impersonation.extra.at("scopes") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("an exec plugin with everything that it may have") {
  const TemporaryFolder folder;
  const std::string cluster =
      R"({server: "https://k", extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: "1", n: 2}}]})";
  const kube::Configuration k = read(folder, config(cluster, R"({exec: {
    apiVersion: client.authentication.k8s.io/v1, command: ./plugin, args: [a, "b c"], env: [{name: X, value: "1"}],
    installHint: get it, provideClusterInfo: true, interactiveMode: Never}})"));
  REQUIRE(k.exec.has_value());
  CHECK(k.exec->command == (folder / "./plugin").string());
  CHECK(k.exec->arguments == std::vector<std::string>{"a", "b c"});
  CHECK(k.exec->environment == std::vector<std::pair<std::string, std::string>>{{"X", "1"}});
  CHECK(k.exec->install_hint == "get it");
  CHECK(k.exec->provide_cluster_info);
  CHECK(k.exec->interactive_mode == kube::InteractiveMode::never);
  CHECK(k.exec->cluster_config == R"({"audience":"1","n":2})");
}

TEST_CASE("a plugin's bare name is looked up in PATH, and v1beta1 needs no interactiveMode") {
  const TemporaryFolder folder;
  const kube::Configuration k = read(
      folder,
      config(some_server, "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: plugin}}"));
  REQUIRE(k.exec.has_value());
  CHECK(k.exec->command == "plugin");
  CHECK(k.exec->interactive_mode == kube::InteractiveMode::if_available);
}

TEST_CASE("a user's own token is used in place of a plugin, as kubectl does") {
  const TemporaryFolder folder;
  const std::string exec = "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: plugin}";
  CHECK_FALSE(read(folder, config(some_server, "{token: t, " + exec + "}")).exec.has_value());
  CHECK_FALSE(read(folder, config(some_server, "{tokenFile: t, " + exec + "}")).exec.has_value());
  CHECK_FALSE(read(folder, config(some_server, "{username: u, " + exec + "}")).exec.has_value());
}

TEST_CASE("a context without a user is anonymous") {
  const TemporaryFolder folder;
  const kube::Configuration k = read(folder,
                                     "current-context: k\ncontexts: [{name: k, context: {cluster: k}}]\n"
                                     "clusters: [{name: k, cluster: {server: k.example.com}}]\n");
  CHECK(k.server.url() == "https://k.example.com");
  CHECK(k.token.empty());
}
