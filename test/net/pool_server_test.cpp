#include <map>

#include "catch.h"
#include "k8scale/net/pool.h"
#include "k8scale/net/server.h"
#include "k8scale/net/wait.h"

namespace net = k8scale::net;
namespace base = k8scale::base;
using namespace std::chrono_literals;

namespace {

struct Identity {
  net::CertificateAndKey authority = net::make_authority("test-ca", 24h).value();
  net::CertificateAndKey server = issue(net::CertificateUse::server, "server");
  net::CertificateAndKey client = issue(net::CertificateUse::client, "somebody");

  [[nodiscard]] net::CertificateAndKey issue(net::CertificateUse use, const std::string& name) const {
    net::CertificateRequest request;
    request.common_name = name;
    request.organizations = {"testers"};
    request.ip_addresses = {"127.0.0.1"};
    request.dns_names = {"localhost"};
    request.use = use;
    return net::issue_certificate(authority, request).value();
  }
};

net::Task<void> answer(const net::ServerRequest& request, net::Responder& responder) {
  net::Response response;
  response.status = 200;
  response.headers.add("X-Method", request.method);
  if (request.client_certificate) response.headers.add("X-Client", request.client_certificate->common_name);
  if (request.target == "/reset") {
    responder.reset();
    co_return;
  }
  if (request.target == "/stream") {
    net::ResponseHead head = response;
    base::Result<void> outcome = co_await responder.begin(head);
    for (int i = 0; i < 100 && outcome.has_value(); ++i) {
      outcome = co_await responder.write("line " + std::to_string(i) + "\n");
    }
    if (outcome.has_value()) outcome = co_await responder.finish();
    co_return;
  }
  if (request.target == "/close") response.headers.add("Connection", "close");
  response.body = request.target == "/echo" ? request.body : "hello";
  if (request.target == "/cut") {
    response.body = std::string(1000, 'x');
    const base::Result<void> sent = co_await responder.send_cut_short(std::move(response), 10);
    static_cast<void>(sent);
    co_return;
  }
  const base::Result<void> sent = co_await responder.send(std::move(response));
  static_cast<void>(sent);
}

// A server and a pool that is connected to it.
struct Pair {
  explicit Pair(bool tls, net::ServerOptions server_options = {}, net::TlsClientOptions trust = {},
                net::PoolOptions options = {}) {
    if (tls) {
      static const Identity identity;
      net::TlsServerOptions server_tls{identity.server, identity.authority.certificate_pem};
      server_options.tls = net::TlsServer::make(server_tls).value();
      if (trust.ca_pem.empty()) trust.ca_pem = identity.authority.certificate_pem;
      if (trust.certificate_pem == "client") {
        trust.certificate_pem = identity.client.certificate_pem;
        trust.key_pem = identity.client.key_pem;
      }
      options.tls = net::TlsClient::make(trust).value();
    }
    server = net::Server::listen(server_shard, server_options, answer).value();
    options.server = {"127.0.0.1", server->port(), tls};
    options.request_timeout = 10s;
    pool.emplace(client_shard, options);
  }
  ~Pair() { server_shard.run(server->stop(0ns)); }

  net::Exchange ask(const net::Request& request, bool fresh = false) {
    return client_shard.run(pool->exchange(request, fresh));
  }
  net::Exchange get(const std::string& target) {
    net::Request request;
    request.target = target;
    return ask(request);
  }
  net::PoolCounters counters() {
    return client_shard.run(
        [](net::Pool& of) -> net::Task<net::PoolCounters> { co_return of.counters(); }(*pool));
  }

  net::Shard server_shard{"server"};
  net::Shard client_shard{"client"};
  std::unique_ptr<net::Server> server;
  std::optional<net::Pool> pool;
  net::StopFirst stop_first{client_shard};
};

}  // namespace

TEST_CASE("a request is answered, in TLS and without") {
  const bool tls = GENERATE(false, true);
  Pair pair(tls);
  const net::Exchange first = pair.get("/");
  REQUIRE_FALSE(first.failure.has_value());
  CHECK(first.response.status == 200);
  CHECK(first.response.body == "hello");
  CHECK_FALSE(first.reused_connection);
  CHECK(first.timing.started <= first.timing.sent);
  CHECK(first.timing.sent <= first.timing.first_byte);
  CHECK(first.timing.first_byte <= first.timing.done);
  CHECK(first.bytes_sent > 0);
  const net::Exchange second = pair.get("/");
  CHECK(second.reused_connection);
  CHECK(pair.counters().connections_opened == 1);
}

TEST_CASE("HTTP on a port of TLS, and TLS on one of HTTP, are told so on both sides") {
  const bool tls = GENERATE(false, true);
  Pair pair(tls);
  net::PoolOptions options = pair.pool->options();
  options.server.tls = !tls;
  net::TlsClientOptions trust;
  trust.verify = false;
  options.tls = net::TlsClient::make(trust).value();
  net::Shard shard("wrong");
  net::Pool wrong(shard, options);
  const net::StopFirst stop_first(shard);
  const net::Exchange exchange = shard.run(wrong.exchange(net::Request()));
  if (tls) {
    CHECK(exchange.response.status == 400);
    CHECK(exchange.response.body == "Client sent an HTTP request to an HTTPS server.\n");
  } else {
    REQUIRE(exchange.failure.has_value());
    CHECK(exchange.failure->message() == "tls: the server does not speak TLS: http:// instead of https://?");
  }
  CHECK(pair.get("/").response.body == "hello");
}

TEST_CASE("bodies of every size come back whole") {
  const bool tls = GENERATE(false, true);
  Pair pair(tls);
  for (const std::size_t size : {0UL, 1UL, 16383UL, 16384UL, 16385UL, 70000UL, 2000000UL}) {
    net::Request request;
    request.method = "POST";
    request.target = "/echo";
    request.body.resize(size, 'b');
    if (size > 10) request.body[size - 3] = 'e';
    const net::Exchange exchange = pair.ask(request);
    REQUIRE_FALSE(exchange.failure.has_value());
    CHECK(exchange.response.body == request.body);
  }
  CHECK(pair.counters().connections_opened == 1);
}

TEST_CASE("a chunked answer is read as a stream and its connection is used again") {
  const bool tls = GENERATE(false, true);
  Pair pair(tls);
  const auto read_all = [](net::Pool& pool) -> net::Task<std::string> {
    net::Request request;
    request.target = "/stream";
    auto opened = co_await pool.open_stream(request);
    std::string body;
    if (opened.has_error()) co_return opened.error().message();
    for (;;) {
      base::Result<std::string_view> piece = co_await (*opened)->read_some(5s);
      if (piece.has_error() || piece->empty()) break;
      body += *piece;
    }
    co_return body;
  };
  const std::string body = pair.client_shard.run(read_all(*pair.pool));
  CHECK(body.starts_with("line 0\n"));
  CHECK(body.ends_with("line 99\n"));
  CHECK(pair.get("/").reused_connection);
}

TEST_CASE("a reset, a cut body and a closing server are failures or fresh connections") {
  Pair pair(true);
  const net::Exchange reset = pair.get("/reset");
  REQUIRE(reset.failure.has_value());
  CHECK(reset.nothing_received());
  const net::Exchange cut = pair.get("/cut");
  REQUIRE(cut.failure.has_value());
  CHECK(cut.failure->kind() == base::FailureKind::reset);
  CHECK(cut.response.status == 200);
  CHECK_FALSE(pair.get("/close").failure.has_value());
  CHECK_FALSE(pair.get("/").reused_connection);
}

TEST_CASE("HEAD has a length and no body") {
  Pair pair(false);
  net::Request request;
  request.method = "HEAD";
  const net::Exchange exchange = pair.ask(request);
  REQUIRE_FALSE(exchange.failure.has_value());
  CHECK(exchange.response.headers.find("content-length") == "5");
  CHECK(exchange.response.body.empty());
  CHECK(pair.get("/").reused_connection);
}

TEST_CASE("a reconnect resumes the TLS session") {
  Pair pair(true);
  pair.get("/");
  const net::Exchange again = pair.get("/close");
  CHECK_FALSE(again.failure.has_value());
  pair.get("/");
  CHECK(pair.counters().sessions_resumed == 1);
  CHECK(pair.counters().connections_opened == 2);
}

TEST_CASE("the server sees who the client's certificate was given to") {
  net::TlsClientOptions trust;
  trust.certificate_pem = "client";
  Pair pair(true, {}, trust);
  CHECK(pair.get("/").response.headers.find("X-Client") == "somebody");
}

TEST_CASE("a certificate of another authority is refused by a message that says so") {
  net::TlsClientOptions trust;
  trust.ca_pem = net::make_authority("other", 24h).value().certificate_pem;
  Pair pair(true, {}, trust);
  const net::Exchange exchange = pair.get("/");
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::tls);
  CHECK_THAT(exchange.failure->detail(), Catch::Contains("not trusted"));
  CHECK(exchange.nothing_sent());
}

TEST_CASE("a wrong server name is refused, unless verification is off") {
  net::TlsClientOptions trust;
  trust.server_name = "elsewhere.example.com";
  trust.verify = GENERATE(true, false);
  Pair pair(true, {}, trust);
  CHECK(pair.get("/").failure.has_value() == trust.verify);
}

TEST_CASE("heads and bodies beyond the server's limits get 431 and 413") {
  net::ServerOptions options;
  options.head_limit = 1000;
  options.body_limit = 1000;
  Pair pair(GENERATE(false, true), options);
  net::Request large_head;
  large_head.headers.add("X-Large", std::string(5000, 'h'));
  const net::Exchange head = pair.ask(large_head);
  REQUIRE_FALSE(head.failure.has_value());
  CHECK(head.response.status == 431);
  net::Request large_body;
  large_body.method = "POST";
  large_body.body.resize(5000000);
  const net::Exchange body = pair.ask(large_body);
  REQUIRE_FALSE(body.failure.has_value());
  CHECK(body.response.status == 413);
  CHECK(pair.get("/").response.status == 200);
}

TEST_CASE("prewarmed connections serve the first requests") {
  Pair pair(true);
  REQUIRE(pair.client_shard.run(pair.pool->prewarm(3)).has_value());
  CHECK(pair.counters().idle == 3);
  pair.get("/");
  CHECK(pair.counters().connections_opened == 3);
}

TEST_CASE("prewarming again replaces the connections that rested too long, and no others") {
  net::PoolOptions options;
  options.idle_timeout = 0ns;
  Pair pair(true, {}, {}, options);
  REQUIRE(pair.client_shard.run(pair.pool->prewarm(2)).has_value());
  REQUIRE(pair.client_shard.run(pair.pool->prewarm(2)).has_value());
  CHECK(pair.counters().connections_opened == 4);

  Pair patient(true);
  REQUIRE(patient.client_shard.run(patient.pool->prewarm(2)).has_value());
  REQUIRE(patient.client_shard.run(patient.pool->prewarm(2)).has_value());
  CHECK(patient.counters().connections_opened == 2);
}

TEST_CASE("an idle connection that the server closed is noticed before it is used") {
  net::ServerOptions options;
  options.idle_timeout = 1ms;
  Pair pair(true, options);
  const auto closed = [](net::Server& server) -> net::Task<void> {
    while (server.open_connections() > 0) co_await net::sleep_for(5ms);
  };
  // A kernel that is busy may hand the end of a connection over late.
  bool noticed = false;
  for (int i = 0; i < 5 && !noticed; ++i) {
    pair.get("/");
    pair.server_shard.run(closed(*pair.server));
    const net::Exchange exchange = pair.get("/");
    noticed = !exchange.failure && !exchange.reused_connection;
  }
  CHECK(noticed);
}

TEST_CASE("what nobody listens on is a refused connection") {
  std::uint16_t port = 0;
  {
    Pair pair(false);
    port = pair.server->port();
  }
  net::Shard shard("client");
  net::PoolOptions options;
  options.server = {"127.0.0.1", port, false};
  net::Pool pool(shard, options);
  const net::StopFirst stop_first(shard);
  const net::Request request;
  const net::Exchange exchange = shard.run(pool.exchange(request));
  REQUIRE(exchange.failure.has_value());
  CHECK(exchange.failure->kind() == base::FailureKind::connect);
  CHECK_THAT(exchange.failure->message(), Catch::Contains("refused"));
}

TEST_CASE("a port that is taken is named") {
  Pair pair(false);
  net::ServerOptions options;
  options.port = pair.server->port();
  const auto second = net::Server::listen(pair.server_shard, options, answer);
  REQUIRE(second.has_error());
  CHECK_THAT(second.error().detail(), Catch::Contains(std::to_string(options.port)));
}
