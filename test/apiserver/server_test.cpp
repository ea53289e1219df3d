#include "k8scale/apiserver/server.h"

#include "apiserver/json_text.h"
#include "catch.h"
#include "k8scale/base/error.h"
#include "k8scale/net/pool.h"
#include "watching.h"

namespace k8scale::apiserver {
namespace {

using namespace std::chrono_literals;

// A server and a client of it, on real connections.
class Pair {
 public:
  explicit Pair(Config config = {}, bool with_certificate = false)
      : server_(EmbeddedServer::start(std::move(config))) {
    net::TlsClientOptions trust;
    trust.ca_pem = server_->ca_pem();
    if (with_certificate) {
      trust.certificate_pem = server_->client_certificate().certificate_pem;
      trust.key_pem = server_->client_certificate().key_pem;
    }
    net::PoolOptions options;
    options.server = {"127.0.0.1", server_->port(), true};
    options.tls = net::TlsClient::make(trust).value();
    options.request_timeout = 20s;
    pool_.emplace(shard_, options);
  }

  net::Exchange ask(net::Request request) { return shard_.run(pool_->exchange(request)); }
  net::Exchange ask(std::string method, std::string target, std::string body = {}) {
    net::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.headers.add("Authorization", "Bearer " + server_->token());
    request.headers.add("Content-Type", "application/json");
    request.body = std::move(body);
    return ask(std::move(request));
  }
  EmbeddedServer& server() { return *server_; }

 private:
  std::unique_ptr<EmbeddedServer> server_;
  net::Shard shard_{"client"};
  std::optional<net::Pool> pool_;
  net::StopFirst stop_first_{shard_};
};

// The names of the namespaces that a server has from the start, and the version that it begins with.
std::string first_namespaces(std::vector<std::string> namespaces) {
  Config config;
  config.namespaces = std::move(namespaces);
  Pair pair(config);
  const Json list = parse_json(pair.ask("GET", "/api/v1/namespaces").response.body).value;
  std::string text = list["metadata"]["resourceVersion"];
  for (const Json& each : list["items"]) text += " " + each["metadata"]["name"].get<std::string>();
  return text;
}

const std::string collection = "/api/v1/namespaces/default/configmaps";

std::string resource_error(const std::string& resource) {
  try {
    static_cast<void>(parse_resource(resource));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a running server takes its token, over TLS") {
  Pair pair;
  const net::Exchange made = pair.ask("POST", collection, R"({"metadata":{"name":"a"}})");
  REQUIRE_FALSE(made.failure.has_value());
  CHECK(made.response.status == 201);
  CHECK(pair.ask("GET", collection + "/a").response.status == 200);
  net::Request anonymous;
  anonymous.target = collection;
  CHECK(pair.ask(anonymous).response.status == 401);
}

TEST_CASE("a running server takes the administrator's certificate") {
  Pair pair({}, true);
  net::Request request;
  request.target = collection;
  CHECK(pair.ask(request).response.status == 200);
}

TEST_CASE("a body over 3 MiB is refused with a Status") {
  Pair pair;
  const net::Exchange large = pair.ask("POST", collection, std::string((3U << 20U) + 1, ' '));
  CHECK(large.response.status == 413);
  CHECK(parse_json(large.response.body).value["reason"] == "RequestEntityTooLarge");
}

TEST_CASE("a seed fixes the names that a server makes up") {
  Config config;
  config.seed = 7;
  const auto name = [&] {
    Pair pair(config);
    const auto made = pair.ask("POST", collection, R"({"metadata":{"generateName":"x-"}})");
    return parse_json(made.response.body).value["metadata"]["name"];
  };
  const Json first = name();
  CHECK(first == name());
  CHECK(first.get<std::string>().starts_with("x-"));
}

TEST_CASE("namespaces that are asked for are there from the start, each made once") {
  const std::string once = first_namespaces({"scaletest"});
  CHECK(once.ends_with(" default kube-node-lease kube-public kube-system scaletest"));
  CHECK(first_namespaces({"scaletest", "default", "scaletest", "kube-system"}) == once);
}

TEST_CASE("two servers have tokens and authorities of their own") {
  Pair one, other;
  CHECK(one.server().token() != other.server().token());
  CHECK(one.server().token().size() == 64);
  CHECK(one.server().ca_pem() != other.server().ca_pem());
}

TEST_CASE("a kubeconfig names the server") {
  Pair pair;
  const std::string text = pair.server().kubeconfig();
  CHECK(text.find("server: " + pair.server().url() + "\n") != std::string::npos);
  CHECK(text.find("token: " + pair.server().token() + "\n") != std::string::npos);
  for (const char* field :
       {"certificate-authority-data: ", "client-certificate-data: ", "client-key-data: "}) {
    CHECK(text.find(field) != std::string::npos);
  }
}

TEST_CASE("a port in use is an error that names it") {
  Pair pair;
  Config config;
  config.port = pair.server().port();
  std::string error;
  try {
    static_cast<void>(EmbeddedServer::start(config));
  } catch (const base::Error& found) {
    error = found.what();
  }
  CHECK(error.find(std::to_string(config.port)) != std::string::npos);
}

TEST_CASE("a stopping server does not wait for injected latency") {
  Config config;
  config.faults = {parse_fault("latency=60s")};
  Pair pair(config);
  net::Shard shard("other");
  net::PoolOptions options;
  options.server = {"127.0.0.1", pair.server().port(), true};
  net::TlsClientOptions trust;
  trust.ca_pem = pair.server().ca_pem();
  options.tls = net::TlsClient::make(trust).value();
  net::Pool pool(shard, options);
  net::Request request;
  request.target = collection;
  request.headers.add("Authorization", "Bearer " + pair.server().token());
  std::promise<int> status;
  shard.spawn([](net::Pool& of, net::Request& sent, std::promise<int>& result) -> net::Task<void> {
    const net::Exchange exchange = co_await of.exchange(sent);
    result.set_value(exchange.response.status);
  }(pool, request, status));
  std::future<int> answered = status.get_future();
  net::StopFirst stop_first(shard);
  const auto injected = [&] { return pair.server().fault_counts().front().injected; };
  REQUIRE(comes_true([&] { return injected() == 1; }));
  CHECK(answered.wait_for(0s) == std::future_status::timeout);
  pair.server().stop(10s);
  CHECK(answered.wait_for(10s) == std::future_status::ready);
}

TEST_CASE("resources are named by group, version, plural and kind") {
  const kube::Resource grouped = parse_resource("example.com/v1/widgets=Widget");
  CHECK(grouped.group == "example.com");
  CHECK(grouped.version == "v1");
  CHECK(grouped.plural == "widgets");
  CHECK(grouped.kind == "Widget");
  CHECK(grouped.namespaced);
  CHECK(parse_resource("v1/pods=Pod").group.empty());
  for (const char* wrong :
       {"", "pods=Pod", "v1/pods", "v1/pods=", "/=Pod", "a/b/c/d=E", "/v1/=Pod", "v1/po ds=Pod",
        "v1/Pods=Pod", "v1/pods=pod", "v1/pods=P od", "A.b/v1/pods=Pod"}) {
    INFO(wrong);
    CHECK(resource_error(wrong).starts_with("--resource: found "));
  }
  Config config;
  config.resources = {parse_resource("v1/configmaps=ConfigMap")};
  CHECK_THROWS_WITH(EmbeddedServer::start(config),
                    "--resource: found v1/configmaps, which is served already; "
                    "expected another one");
}

}  // namespace k8scale::apiserver
