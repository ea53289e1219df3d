#include "k8scale/load/run_namespace.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "fake_api.h"
#include "k8scale/base/error.h"
#include "k8scale/kube/configuration.h"

namespace k8scale::load {
namespace {

using namespace std::chrono_literals;

constexpr const char* terminating = R"({"metadata":{"name":"a","deletionTimestamp":"2026-11-24T15:04:05Z"}})";

NamespaceCheck check_of(MissingNamespace missing) {
  NamespaceCheck check;
  check.missing = missing;
  check.run_id = "r";
  check.look_period = 1ms;
  return check;
}

bool made_at(FakeApi& api, const NamespaceCheck& check) {
  return check_namespace(api.shard, api.servers->client(0), "a", check);
}

// The error's text and exit code.
std::pair<std::string, int> error_at(FakeApi& api, const NamespaceCheck& check) {
  try {
    static_cast<void>(made_at(api, check));
  } catch (const base::Error& error) {
    return {error.what(), error.exit_code()};
  }
  return {};
}

}  // namespace

TEST_CASE("a namespace that is being deleted is made as soon as it is gone, and says whose it is") {
  int looks = 0;
  nlohmann::json made;
  FakeApi api([&](const net::ServerRequest& request) {
    if (request.method == "GET") return ++looks <= 3 ? reply(200, terminating) : reply(404);
    made = nlohmann::json::parse(request.body);
    return reply(201);
  });
  CHECK(made_at(api, check_of(MissingNamespace::make)));
  CHECK(looks == 4);
  CHECK(made["metadata"]["name"] == "a");
  CHECK(made["metadata"]["labels"]["purpose"] == "scaletest");
  CHECK(made["metadata"]["annotations"]["scaletest/run"] == "r");
}

TEST_CASE("a namespace that is being deleted and does not go ends the wait at its time") {
  FakeApi api([](const net::ServerRequest&) { return reply(200, terminating); });
  NamespaceCheck check = check_of(GENERATE(MissingNamespace::make, MissingNamespace::refuse));
  check.longest_termination = 50ms;
  const auto [text, exit_code] = error_at(api, check);
  CHECK(exit_code == kube::configuration_exit_code);
  CHECK_THAT(text, Catch::Contains("namespace a is being deleted, and was not gone after 50.0ms"));
  CHECK(api.count("GET") > 1);
  CHECK(api.count("POST") == 0);
}

TEST_CASE("who is stopped waits no longer") {
  FakeApi api([](const net::ServerRequest&) { return reply(200, terminating); });
  NamespaceCheck check = check_of(MissingNamespace::make);
  check.stopped = [&api] { return api.count("GET") == 3; };
  CHECK_FALSE(made_at(api, check));
  CHECK(api.requests().size() == 3);
}

TEST_CASE("a namespace that is missing is refused with what would make it, unless it may be made") {
  FakeApi api([](const net::ServerRequest&) { return reply(404); });
  NamespaceCheck check = check_of(MissingNamespace::refuse);
  check.kubectl = "kubectl --server here";
  const auto [text, exit_code] = error_at(api, check);
  CHECK(exit_code == kube::configuration_exit_code);
  CHECK_THAT(text, Catch::Contains("has no namespace a; make it: kubectl --server here create namespace a"));
  CHECK(api.count("POST") == 0);
}

TEST_CASE("a namespace that another made in the meantime is not ours") {
  FakeApi api([](const net::ServerRequest& request) { return reply(request.method == "GET" ? 404 : 409); });
  CHECK_FALSE(made_at(api, check_of(MissingNamespace::make)));
}

TEST_CASE("who may not look at the namespace goes on, and who is unknown does not") {
  int status = 403;
  FakeApi api([&status](const net::ServerRequest&) { return reply(status); });
  CHECK_FALSE(made_at(api, check_of(MissingNamespace::refuse)));
  status = 401;
  CHECK(error_at(api, check_of(MissingNamespace::refuse)).second == kube::configuration_exit_code);
}

}  // namespace k8scale::load
