#include "kube/exec_plugin.h"

#include <nlohmann/json.hpp>
#include <string>

#include "catch.h"
#include "k8scale/base/files.h"
#include "k8scale/base/text.h"
#include "temporary_folder.h"

namespace base = k8scale::base;
namespace kube = k8scale::kube;
using k8scale::test::TemporaryFolder;
using namespace std::chrono_literals;

namespace {

const std::string v1 = "client.authentication.k8s.io/v1";

std::string credential(const std::string& status, const std::string& version = v1) {
  return R"({"kind":"ExecCredential","apiVersion":")" + version + R"(","status":)" + status + "}";
}

// A plugin that runs these commands.
kube::ExecPlugin plugin_of(const TemporaryFolder& folder, const std::string& commands) {
  kube::ExecPlugin plugin;
  plugin.api_version = v1;
  plugin.command = folder.write_script("plugin", commands).string();
  plugin.interactive_mode = kube::InteractiveMode::never;
  plugin.origin = "config:9: users[k].user.exec";
  return plugin;
}

base::Failure failure_of(const kube::ExecPlugin& plugin, base::Nanoseconds time_limit = 60s) {
  const auto given = kube::run_exec_plugin(plugin, kube::Configuration(), time_limit);
  REQUIRE(given.has_error());
  CHECK(given.error().detail().starts_with("config:9: users[k].user.exec: "));
  return given.error();
}

}  // namespace

TEST_CASE("a plugin gives a token, a certificate, or both, in v1 and v1beta1") {
  const std::string version = GENERATE(as<std::string>(), "v1", "v1beta1");
  const std::string api_version = "client.authentication.k8s.io/" + version;
  const auto given =
      kube::parse_exec_credential(credential(R"({"token":"t","clientCertificateData":"c","clientKeyData":"k",
                     "expirationTimestamp":"2026-11-24T15:04:05Z"})",
                                             api_version),
                                  api_version);
  REQUIRE(given.has_value());
  CHECK(given->token == "t");
  CHECK(given->certificate_pem == "c");
  CHECK(given->key_pem == "k");
  CHECK(given->expires == base::parse_rfc3339("2026-11-24T15:04:05Z"));
  const auto token =
      kube::parse_exec_credential(credential(R"({"token":"t","expirationTimestamp":null})"), v1);
  REQUIRE(token.has_value());
  CHECK_FALSE(token->expires.has_value());
}

TEST_CASE("nonsense in place of a credential is told") {
  const auto [text, told] = GENERATE(table<std::string, std::string>(
      {{"", "no JSON object"},
       {"nonsense", "no JSON object"},
       {"[]", "no JSON object"},
       {"{", "no JSON object"},
       {"{}", "no object of kind ExecCredential"},
       {R"({"kind":"ExecCredential"})", "apiVersion \"\", expected \"client.authentication.k8s.io/v1\""},
       {credential("{}", "client.authentication.k8s.io/v1beta1"),
        "apiVersion \"client.authentication.k8s.io/v1beta1\""},
       {credential("null"), "without a status"},
       {credential("{}"), "neither a token nor a client certificate"},
       {credential(R"({"token":5})"), "neither a token nor a client certificate"},
       {credential(R"({"token":"secret\nline"})"), "line break"},
       {credential(R"({"clientCertificateData":"c"})"),
        "only one of clientCertificateData and clientKeyData"},
       {credential(R"({"token":"t","expirationTimestamp":"tomorrow"})"), "not RFC 3339"},
       {credential(R"({"token":"t","expirationTimestamp":7})"), "not RFC 3339"}}));
  CAPTURE(text);
  const auto given = kube::parse_exec_credential(text, v1);
  REQUIRE(given.has_error());
  CHECK_THAT(given.error().detail(), Catch::Contains(told));
  CHECK(given.error().detail().find("secret") == std::string::npos);
}

TEST_CASE("a plugin gets its arguments, its environment and ours, and no input") {
  const TemporaryFolder folder;
  kube::ExecPlugin plugin = plugin_of(folder, R"sh(
    test -z "$(cat)" || exit 9
    printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' \
      "$1,$2,$X,$HOME,${PATH:+path}")sh");
  plugin.arguments = {"a b", ""};
  plugin.environment = {{"X", "x"}, {"HOME", "its own"}};
  const auto given = kube::run_exec_plugin(plugin, {});
  REQUIRE(given.has_value());
  CHECK(given->token == "a b,,x,its own,path");
}

TEST_CASE("a plugin is told about the cluster when the kubeconfig says so") {
  const TemporaryFolder folder;
  kube::ExecPlugin plugin =
      plugin_of(folder, "echo \"$KUBERNETES_EXEC_INFO\" > " + (folder / "info").string());
  kube::Configuration configuration;
  configuration.server = {"k", 6443, true};
  configuration.ca.pem = "the authority";
  configuration.tls_server_name = "name";
  plugin.provide_cluster_info = GENERATE(false, true);
  plugin.cluster_config = R"({"audience":"a"})";
  CHECK(kube::run_exec_plugin(plugin, configuration).has_error());  // it prints nothing
  const auto info = nlohmann::json::parse(base::read_file(folder / "info").value());
  CHECK(info["kind"] == "ExecCredential");
  CHECK(info["apiVersion"] == v1);
  CHECK(info["spec"]["interactive"] == false);
  REQUIRE(info["spec"].contains("cluster") == plugin.provide_cluster_info);
  if (!plugin.provide_cluster_info) return;
  const nlohmann::json cluster = {{"server", "https://k:6443"},
                                  {"tls-server-name", "name"},
                                  {"certificate-authority-data", base::base64_encode("the authority")},
                                  {"config", {{"audience", "a"}}}};
  CHECK(info["spec"]["cluster"] == cluster);
}

TEST_CASE("a plugin that fails is told with how it ended") {
  const TemporaryFolder folder;
  CHECK_THAT(failure_of(plugin_of(folder, "exit 3")).detail(),
             Catch::EndsWith("plugin ended with exit code 3"));
  CHECK_THAT(failure_of(plugin_of(folder, "kill -9 $$")).detail(),
             Catch::EndsWith("plugin was ended by signal 9"));
  CHECK_THAT(failure_of(plugin_of(folder, "echo hello")).detail(),
             Catch::EndsWith("plugin printed no JSON object, expected an ExecCredential"));
}

TEST_CASE("a plugin that cannot be run is told with how to get it") {
  const TemporaryFolder folder;
  kube::ExecPlugin plugin = plugin_of(folder, "");
  plugin.install_hint = "get it there";
  plugin.command = (folder / "missing").string();
  CHECK_THAT(failure_of(plugin).detail(),
             Catch::Contains("cannot run") && Catch::EndsWith("No such file or directory; get it there"));
  plugin.command = folder.write("no-program", "x").string();
  CHECK_THAT(failure_of(plugin).detail(), Catch::EndsWith("Permission denied"));
  plugin.command = "k8scale-test-no-such-plugin";
  CHECK_THAT(failure_of(plugin).detail(), Catch::EndsWith("get it there"));
}

TEST_CASE("a plugin that prints without end is ended") {
  const TemporaryFolder folder;
  const base::Failure failure = failure_of(plugin_of(folder, "exec yes"));
  CHECK(failure.kind() == base::FailureKind::protocol);
  CHECK_THAT(failure.detail(), Catch::Contains("printed more than 1.00 MB"));
}

TEST_CASE("a plugin that does not end in time is ended, whether its output is open or not") {
  const TemporaryFolder folder;
  const std::string commands = GENERATE(as<std::string>(), "exec sleep 1000", "exec sleep 1000 >&-");
  const base::Failure failure = failure_of(plugin_of(folder, commands), 200ms);
  CHECK(failure.kind() == base::FailureKind::timeout);
  CHECK_THAT(failure.detail(), Catch::EndsWith("plugin was not done within 200ms"));
}
