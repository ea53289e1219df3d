#include <sys/stat.h>

#include <string>
#include <vector>

#include "catch.h"
#include "kube/kubeconfig.h"
#include "temporary_folder.h"
#include "thrown.h"

namespace kube = k8scale::kube;
using k8scale::test::TemporaryFolder;

namespace {

std::string complaint(const TemporaryFolder& folder, const std::string& text,
                      const std::string& context = "") {
  const auto file = folder.write("config", text);
  return kube::thrown([&] { static_cast<void>(kube::read_kubeconfig({file}, context)); });
}

// The cluster is on line 6, the user on line 9.
std::string spread_config(const std::string& cluster, const std::string& user = "{}") {
  return "current-context: k\ncontexts:\n- {name: k, context: {cluster: k, user: k}}\nclusters:\n- name: k\n "
         " cluster: " +
         cluster + "\nusers:\n- name: k\n  user: " + user + "\n";
}
constexpr const char* any_server = R"({server: "https://k"})";

struct Case {
  std::string text;
  std::vector<std::string> told;
};

}  // namespace

TEST_CASE("what is wrong in a cluster is told with file, line and field") {
  const TemporaryFolder folder;
  const Case wrong = GENERATE(
      Case{spread_config("{}"), {":6: clusters[k].cluster: found no server"}},
      Case{spread_config("{server: ftp://k}"),
           {":6: clusters[k].cluster.server: found \"ftp://k\"", "https://"}},
      Case{spread_config("{server: 'https://k:99999'}"),
           {":6: clusters[k].cluster.server:", "a port from 1 to 65535"}},
      Case{spread_config("{server: [k]}"), {":6: clusters[k].cluster.server: found a list, expected a text"}},
      Case{spread_config("[k]"), {":6: clusters[k].cluster: found a list, expected a map"}},
      Case{spread_config("{server: k, certificate-authority-data: '?'}"),
           {":6: clusters[k].cluster.certificate-authority-data: found something that is not base64"}},
      Case{spread_config("{server: k, certificate-authority: nowhere.pem}"),
           {":6: clusters[k].cluster.certificate-authority: ", "nowhere.pem: No such file or directory"}},
      Case{spread_config("{server: k, certificate-authority: .}"),
           {":6: clusters[k].cluster.certificate-authority: ", "Is a directory"}},
      Case{spread_config("{server: k, insecure-skip-tls-verify: maybe}"),
           {":6: ", "insecure-skip-tls-verify", "true or false"}},
      Case{spread_config("{server: k, insecure-skip-tls-verify: true, certificate-authority-data: YQ==}"),
           {":6: ", "insecure-skip-tls-verify", "expected only one"}},
      Case{spread_config("{server: k, proxy-url: 'socks5://me:secret@p'}"),
           {":6: clusters[k].cluster.proxy-url: ", "\"socks5\""}},
      Case{spread_config("{server: k, proxy-url: 'http://me:secret@p:x'}"),
           {":6: clusters[k].cluster.proxy-url: ", "http://HOST:PORT"}});
  CAPTURE(wrong.text);
  const std::string line = complaint(folder, wrong.text);
  CHECK(line.starts_with((folder / "config").string()));
  for (const std::string& each : wrong.told) CHECK_THAT(line, Catch::Contains(each));
  CHECK(line.find("secret") == std::string::npos);
}

TEST_CASE("what is wrong in a user is told with file, line and field") {
  const TemporaryFolder folder;
  const auto user = [](const std::string& map) { return spread_config(any_server, map); };
  const Case wrong = GENERATE_COPY(
      Case{user("{client-key-data: YQ==}"),
           {":9: users[k].user: found only one of client-certificate and client-key"}},
      Case{user("{client-certificate: nowhere}"), {":9: users[k].user.client-certificate: ", "No such file"}},
      Case{user("{token: secret, username: ann}"),
           {":9: users[k].user: ", "token", "username", "expected only one"}},
      Case{user("{token: \"secret\\nline\"}"), {":9: users[k].user.token: ", "line break"}},
      Case{user("{as: \"secret\\r\\nX: y\"}"), {":9: users[k].user.as: ", "line break"}},
      Case{user("{as: a, as-groups: [\"secret\\n\"]}"), {":9: users[k].user.as-groups[0]: ", "line break"}},
      Case{user("{as-groups: [g]}"), {":9: users[k].user: ", "without as"}},
      Case{user("{as: a, as-groups: g}"), {":9: users[k].user.as-groups: found a value, expected a list"}},
      Case{user("{as: a, as-user-extra: {? [x] : [y]}}"),
           {":9: users[k].user.as-user-extra: ", "expected a text"}},
      Case{user("{auth-provider: {name: gcp}}"), {":9: users[k].user.auth-provider: ", "removed"}},
      Case{user("{exec: {command: x}}"),
           {":9: ", "exec.apiVersion: found \"\", expected client.authentication.k8s.io/v1"}},
      Case{user("{exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}}"),
           {":9: ", "v1alpha1"}},
      Case{user("{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}}"),
           {":9: ", "found no command"}},
      Case{user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: x}}"),
           {":9: ", "interactiveMode: found \"\""}},
      Case{user("{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Often}}"),
           {":9: ", "found \"Often\", expected Never, IfAvailable or Always"}});
  CAPTURE(wrong.text);
  const std::string line = complaint(folder, wrong.text);
  CHECK(line.starts_with((folder / "config").string()));
  for (const std::string& each : wrong.told) CHECK_THAT(line, Catch::Contains(each));
  CHECK(line.find("secret") == std::string::npos);
}

TEST_CASE("names that are not there are told beside those that are") {
  const TemporaryFolder folder;
  const std::string good = spread_config(any_server);
  CHECK_THAT(complaint(folder, good, "other"),
             Catch::Contains("--context: found no context named \"other\", expected one of: k"));
  const auto replaced = [&](const std::string& what, const std::string& with) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), with);
  };
  CHECK_THAT(complaint(folder, replaced("current-context: k", "current-context: x")),
             Catch::Contains("config: current-context: found no context named \"x\", expected one of: k"));
  CHECK_THAT(complaint(folder, replaced("current-context: k", "")),
             Catch::Contains("found no current-context"));
  CHECK_THAT(complaint(folder, replaced("cluster: k", "cluster: x")),
             Catch::Contains("config:3: contexts[k].context.cluster: found no cluster named \"x\""));
  CHECK_THAT(complaint(folder, replaced("user: k", "user: x")),
             Catch::Contains("config:3: contexts[k].context.user: found no user named \"x\""));
}

TEST_CASE("a file that is no kubeconfig is told with the line") {
  const TemporaryFolder folder;
  CHECK_THAT(complaint(folder, "a: 1\nb: [\n"), Catch::Contains("config:") && Catch::Contains("not YAML"));
  CHECK_THAT(complaint(folder, "\tno tabs: x"), Catch::Contains("config:1: not YAML"));
  CHECK_THAT(complaint(folder, "- a\n- b\n"), Catch::Contains("found a list, expected a map"));
  CHECK_THAT(complaint(folder, "just text"), Catch::Contains("found a value, expected a map"));
  CHECK_THAT(complaint(folder, "{\"a\": "), Catch::Contains("not YAML"));
  CHECK_THAT(complaint(folder, std::string("\0\x01\xff\xfe", 4)), Catch::Contains("config"));
  CHECK_THAT(complaint(folder, std::string(200'000, '[')), Catch::Contains("config"));
  CHECK_THAT(complaint(folder, ""), Catch::Contains("found no current-context"));
  CHECK_THAT(complaint(folder, "users: 5\n" + spread_config(any_server)), Catch::Contains("users"));
  CHECK_THAT(complaint(folder, "current-context: k\ncontexts: {k: 1}\n"),
             Catch::Contains("config:2: contexts: found a map, expected a list"));
}

TEST_CASE("a file that cannot be read is told with the reason") {
  const TemporaryFolder folder;
  const auto complain = [](const std::filesystem::path& file) {
    return kube::thrown([&] { static_cast<void>(kube::read_kubeconfig({file}, "")); });
  };
  CHECK(complain(folder / "missing") ==
        "kubeconfig " + (folder / "missing").string() + ": No such file or directory");
  CHECK(complain(folder.path()) == "kubeconfig " + folder.path().string() + ": Is a directory");
}
