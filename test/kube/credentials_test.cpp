#include "k8scale/kube/credentials.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "catch.h"
#include "k8scale/base/files.h"
#include "k8scale/base/text.h"
#include "k8scale/net/certificate.h"
#include "temporary_folder.h"
#include "thrown.h"

namespace base = k8scale::base;
namespace kube = k8scale::kube;
namespace net = k8scale::net;
using k8scale::test::TemporaryFolder;
using namespace std::chrono_literals;

namespace {

// A clock that stands until it is moved.
struct Clock {
  std::shared_ptr<std::atomic<std::int64_t>> seconds = std::make_shared<std::atomic<std::int64_t>>(1'000'000);
  void pass(std::chrono::seconds time) { *seconds += time.count(); }
  kube::Credentials::Clock function() const {
    return [seconds = seconds] { return base::SteadyTime(std::chrono::seconds(*seconds)); };
  }
};

kube::Configuration plain() {
  kube::Configuration configuration;
  configuration.server = {"127.0.0.1", 1, false};
  return configuration;
}

template <class Condition>
void wait_for(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(2ms);
  REQUIRE(condition());
}

// A plugin that gives the content of the file "status" and counts its calls in the file "calls".
kube::Configuration with_plugin(const TemporaryFolder& folder) {
  kube::Configuration configuration = plain();
  kube::ExecPlugin& plugin = configuration.exec.emplace();
  plugin.api_version = "client.authentication.k8s.io/v1";
  plugin.interactive_mode = kube::InteractiveMode::never;
  plugin.origin = "config:9: users[k].user.exec";
  plugin.command = folder
                       .write_script("plugin",
                                     "cd \"${0%/*}\"; echo call >> calls; test -f status || exit 1\n"
                                     "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":"
                                     "\"client.authentication.k8s.io/v1\",\"status\":'\"$(cat status)\"}")
                       .string();
  return configuration;
}

std::size_t calls(const TemporaryFolder& folder) {
  const base::Result<std::string> text = base::read_file(folder / "calls");
  return text.has_value() ? text->size() / 5 : 0;
}

std::string token_until(const std::string& token, std::chrono::seconds left) {
  return R"({"token":")" + token + R"(","expirationTimestamp":")" +
         base::format_rfc3339(std::chrono::system_clock::now() + left) + "\"}";
}

// replace() from a shard of its own.
bool replace(kube::Credentials& credentials, std::uint64_t refused) {
  net::Shard shard("test");
  return shard.run(credentials.replace(shard, refused));
}

}  // namespace

TEST_CASE("token, token file, user and nothing become the Authorization field") {
  const TemporaryFolder folder;
  kube::Configuration configuration = plain();
  const auto authorization = [&] { return kube::Credentials::load(configuration)->current()->authorization; };
  CHECK(authorization().empty());
  configuration.username = "ann";
  configuration.password = "p:w";
  CHECK(authorization() == "Basic " + base::base64_encode("ann:p:w"));
  configuration.username.clear();
  configuration.token = "static";
  CHECK(authorization() == "Bearer static");
  configuration.token_file = folder / "token";
  CHECK(authorization() == "Bearer static");  // as long as the file is not there
  folder.write("token", " rotated\n");
  CHECK(authorization() == "Bearer rotated");
}

TEST_CASE("a token file that cannot be used is told") {
  const TemporaryFolder folder;
  kube::Configuration configuration = plain();
  configuration.token_file = folder / "token";
  const auto told = [&] {
    return kube::thrown([&] { static_cast<void>(kube::Credentials::load(configuration)); });
  };
  CHECK_THAT(told(), Catch::Contains("token: No such file"));
  configuration.token_file_origin = "config:7: users[u].user.tokenFile";
  CHECK_THAT(told(), Catch::StartsWith("config:7: users[u].user.tokenFile: token file "));
  folder.write("token", " \n");
  CHECK_THAT(told(), Catch::Contains("found nothing, expected a token"));
  folder.write("token", "secret\nX-Other: field\n");
  CHECK_THAT(told(), Catch::Contains("line break") && !Catch::Contains("secret"));
}

TEST_CASE("a token file is read again after a minute, and the old token kept when that fails") {
  const TemporaryFolder folder;
  kube::Configuration configuration = plain();
  configuration.token_file = folder.write("token", "one");
  Clock clock;
  const auto credentials = kube::Credentials::load(configuration, clock.function());
  const auto token = [&] { return credentials->current()->authorization; };
  folder.write("token", "two");
  clock.pass(59s);
  CHECK(token() == "Bearer one");
  const std::uint64_t generation = credentials->current()->generation;
  clock.pass(1s);
  wait_for([&] { return token() == "Bearer two"; });
  CHECK(credentials->current()->generation == generation + 1);

  const base::SteadyTime expires = credentials->current()->expires;
  folder.write("token", "");
  clock.pass(60s);
  wait_for([&] { return credentials->current()->expires > expires; });
  CHECK(token() == "Bearer two");
  CHECK(credentials->current()->generation == generation + 1);
  folder.write("token", "three");
  clock.pass(60s);
  wait_for([&] { return token() == "Bearer three"; });
}

TEST_CASE("a refused token is read again at once") {
  const TemporaryFolder folder;
  kube::Configuration configuration = plain();
  configuration.token_file = folder.write("token", "one");
  const auto credentials = kube::Credentials::load(configuration, Clock().function());
  const std::uint64_t first = credentials->current()->generation;
  CHECK_FALSE(replace(*credentials, first));  // the same again
  folder.write("token", "two");
  CHECK(replace(*credentials, first));
  CHECK(credentials->current()->authorization == "Bearer two");
  CHECK(replace(*credentials, first));  // it was replaced already
}

TEST_CASE("a pod's authorities are read again with its token, and those that cannot be used are not taken") {
  const TemporaryFolder folder;
  const auto authority = [](const char* name) {
    return net::make_authority(name, 1h).value().certificate_pem;
  };
  kube::Configuration configuration = plain();
  configuration.server.tls = true;
  configuration.token_file = folder.write("token", "one");
  configuration.ca_file = folder.write("ca.crt", authority("one"));
  Clock clock;
  const auto credentials = kube::Credentials::load(configuration, clock.function());
  const auto first = credentials->current();
  const auto read_again = [&] {
    const base::SteadyTime expires = credentials->current()->expires;
    clock.pass(60s);
    wait_for([&] { return credentials->current()->expires > expires; });
    return credentials->current();
  };
  CHECK(read_again()->tls == first->tls);
  folder.write("ca.crt", "-----BEGIN CERTIFICATE-----\nhalf");
  folder.write("token", "two");  // which is taken all the same
  CHECK(read_again()->tls == first->tls);
  CHECK(credentials->current()->authorization == "Bearer two");
  folder.write("ca.crt", authority("two"));
  const auto second = read_again();
  CHECK(second->tls != first->tls);
  CHECK(second->generation == first->generation + 2);
  CHECK(read_again()->tls == second->tls);
}

TEST_CASE("what never changes is not fetched again") {
  kube::Configuration configuration = plain();
  configuration.token = "static";
  const auto credentials = kube::Credentials::load(configuration);
  CHECK_FALSE(replace(*credentials, credentials->current()->generation));
}

TEST_CASE("a plugin is called again a minute before what it gave expires") {
  const TemporaryFolder folder;
  folder.write("status", token_until("one", 600s));
  Clock clock;
  const auto credentials = kube::Credentials::load(with_plugin(folder), clock.function());
  folder.write("status", R"({"token":"two"})");
  clock.pass(530s);
  CHECK(credentials->current()->authorization == "Bearer one");
  CHECK(calls(folder) == 1);
  clock.pass(11s);
  wait_for([&] { return credentials->current()->authorization == "Bearer two"; });
  clock.pass(1'000'000s);
  CHECK(credentials->current()->expires == base::SteadyTime::max());
  CHECK(calls(folder) == 2);
}

TEST_CASE("a plugin whose credentials live for seconds is not called all the time") {
  const TemporaryFolder folder;
  const auto left = GENERATE(-3600s, 0s, 20s);
  folder.write("status", token_until("short", left));
  Clock clock;
  const auto credentials = kube::Credentials::load(with_plugin(folder), clock.function());
  const base::SteadyTime loaded = clock.function()();
  for (int i = 0; i < 100; ++i) CHECK(credentials->current()->authorization == "Bearer short");
  CHECK(credentials->current()->expires >= loaded + 1s);
  CHECK(calls(folder) == 1);
  clock.pass(20s);
  wait_for([&] {
    static_cast<void>(credentials->current());
    return calls(folder) == 2;
  });
}

TEST_CASE("a plugin that fails later leaves what it gave before in use") {
  const TemporaryFolder folder;
  folder.write("status", R"({"token":"one"})");
  const auto credentials = kube::Credentials::load(with_plugin(folder), Clock().function());
  const std::uint64_t first = credentials->current()->generation;
  std::filesystem::remove(folder / "status");
  CHECK_FALSE(replace(*credentials, first));
  CHECK(credentials->current()->authorization == "Bearer one");
  folder.write("status", R"({"token":"two"})");
  CHECK(replace(*credentials, first));
  CHECK(credentials->current()->authorization == "Bearer two");
}

TEST_CASE("a plugin that gives the same again has replaced nothing, in TLS too") {
  const TemporaryFolder folder;
  const auto authority = net::make_authority("ca", 24h).value();
  kube::Configuration configuration = with_plugin(folder);
  configuration.server.tls = true;
  configuration.ca = {authority.certificate_pem, "config:6: ca"};
  folder.write("status", R"({"token":"one"})");
  const auto credentials = kube::Credentials::load(configuration, Clock().function());
  const auto first = credentials->current();
  REQUIRE(first->tls != nullptr);
  CHECK_FALSE(replace(*credentials, first->generation));
  CHECK(credentials->current()->tls == first->tls);
}

TEST_CASE("many calls that are refused at once call the plugin once") {
  const TemporaryFolder folder;
  folder.write("status", R"({"token":"one"})");
  const auto credentials = kube::Credentials::load(with_plugin(folder), Clock().function());
  folder.write("status", R"({"token":"two"})");
  const std::uint64_t first = credentials->current()->generation;
  std::vector<std::thread> threads;
  std::atomic<int> replaced = 0;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { replaced += replace(*credentials, first) ? 1 : 0; });
  for (std::thread& each : threads) each.join();
  CHECK(replaced == 8);
  CHECK(calls(folder) == 2);
}

TEST_CASE("a shard may end while it waits for a plugin") {
  const TemporaryFolder folder;
  folder.write("status", R"({"token":"one"})");
  kube::Configuration configuration = with_plugin(folder);
  const auto credentials = kube::Credentials::load(configuration, Clock().function());
  // From now on the plugin waits for the file "go".
  folder.write_script("plugin",
                      "cd \"${0%/*}\"; echo call >> calls; until test -f go; do sleep 0.01; done; exit 1\n");
  const auto wait = [](kube::Credentials& of, net::Shard& shard) -> net::Task<void> {
    static_cast<void>(co_await of.replace(shard, 0));
  };
  {
    net::Shard shard("test");
    shard.spawn(wait(*credentials, shard));
    wait_for([&] { return calls(folder) == 2; });
  }
  folder.write("go", "");
  // The next replacement waits for the same fetch, or for one more.
  CHECK_FALSE(replace(*credentials, 0));
}

TEST_CASE("PEM that cannot be used is told with where it came from") {
  const TemporaryFolder folder;
  const auto authority = net::make_authority("ca", 24h).value();
  const auto other = net::make_authority("other", 24h).value();
  net::CertificateRequest request;
  request.use = net::CertificateUse::client;
  const auto client = net::issue_certificate(authority, request).value();
  kube::Configuration configuration = plain();
  configuration.server.tls = true;
  configuration.ca = {authority.certificate_pem, "ca-place"};
  configuration.client_certificate = {client.certificate_pem, "certificate-place"};
  configuration.client_key = {client.key_pem, "key-place"};
  const auto told = [&] {
    return kube::thrown([&] { static_cast<void>(kube::Credentials::load(configuration)); });
  };
  CHECK(kube::Credentials::load(configuration)->current()->tls != nullptr);

  configuration.client_key.pem = other.key_pem;
  CHECK(
      told().starts_with("certificate-place, key-place: the private key does not belong to the certificate"));
  configuration.client_key.pem = "nonsense";
  CHECK(told().starts_with("certificate-place, key-place: the private key is not a PEM key"));
  configuration.client_certificate.pem = "nonsense";
  CHECK(told().starts_with("certificate-place, key-place: the certificate is not a PEM certificate"));
  configuration.ca.pem = GENERATE(as<std::string>(), "nonsense",
                                  "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  CHECK(told().starts_with("ca-place: the certificate authority is not a PEM certificate"));
}

TEST_CASE("a certificate from a plugin that cannot be used is the plugin's fault") {
  const TemporaryFolder folder;
  kube::Configuration configuration = with_plugin(folder);
  configuration.server.tls = true;
  configuration.ca = {net::make_authority("ca", 24h).value().certificate_pem, "ca-place"};
  folder.write("status", R"({"clientCertificateData":"nonsense","clientKeyData":"nonsense"})");
  CHECK_THAT(kube::thrown([&] { static_cast<void>(kube::Credentials::load(configuration)); }),
             Catch::StartsWith("config:9: users[k].user.exec: ") &&
                 Catch::Contains("plugin: the certificate is not a PEM certificate"));
}
