#include "k8scale/net/listener.h"

#include <algorithm>

#include "catch.h"
#include "k8scale/net/own_address.h"
#include "k8scale/net/pool.h"
#include "k8scale/net/server.h"

namespace k8scale {
namespace {

using namespace std::chrono_literals;

net::Task<void> tell_peer(const net::ServerRequest& request, net::Responder& responder) {
  net::Response response;
  response.status = 200;
  response.body = request.peer_address + (request.from_loopback ? " loopback" : "");
  const base::Result<void> sent = co_await responder.send(std::move(response));
  static_cast<void>(sent);
}

// What a server that listens there says of who asked it at `asked`.
std::string peer_of(const std::string& listening, const std::string& asked) {
  net::Shard shard("both");
  net::ServerOptions options;
  options.address = listening;
  const auto server = net::Server::listen(shard, options, tell_peer).value();
  net::PoolOptions pool_options;
  pool_options.server = {asked, server->port(), false};
  pool_options.request_timeout = 10s;
  net::Pool pool(shard, pool_options);
  const net::StopFirst stop_first(shard);
  const net::Request request;
  std::string told = shard.run(pool.exchange(request)).response.body;
  shard.run(server->stop(0ns));
  return told;
}

bool has_v6() {
  const std::vector<std::string> addresses = net::own_addresses();
  return std::find(addresses.begin(), addresses.end(), "::1") != addresses.end();
}

std::string refusal_of(const std::string& listening, std::uint16_t port = 0) {
  net::Shard shard("listener");
  net::Acceptor acceptor(shard.executor());
  const base::Result<void> listens = net::listen_on(acceptor, listening, port);
  return listens.has_error() ? listens.error().detail() : "";
}

}  // namespace

TEST_CASE("any address is one of IPv6 and of IPv4, and both tell who asks") {
  CHECK(peer_of("::", "127.0.0.1") == "127.0.0.1 loopback");
  if (has_v6()) CHECK(peer_of("::", "::1") == "::1 loopback");
}

TEST_CASE("an address or a name is listened on alone") {
  if (has_v6()) CHECK(peer_of("::1", "::1") == "::1 loopback");
  CHECK(peer_of("127.0.0.1", "127.0.0.1") == "127.0.0.1 loopback");
  CHECK(peer_of("localhost", "127.0.0.1") == "127.0.0.1 loopback");
  CHECK(peer_of("127.0.0.1", "::1").empty());
}

TEST_CASE("what cannot be listened on is named") {
  CHECK(refusal_of("no..such..host", 9).starts_with("cannot listen on no..such..host:9: "));
  CHECK(refusal_of("192.0.2.1", 9) == "cannot listen on 192.0.2.1:9: Cannot assign requested address");
  net::Shard shard("first");
  net::Acceptor first(shard.executor());
  REQUIRE(net::listen_on(first, "127.0.0.1", 0).has_value());
  const std::uint16_t port = first.local_endpoint().port();
  CHECK(refusal_of("127.0.0.1", port) ==
        "cannot listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
}

TEST_CASE("a peer with a mapped address is one of IPv4") {
  using boost::asio::ip::make_address;
  const net::Peer mapped = net::peer_at({make_address("::ffff:127.0.0.2"), 1});
  CHECK(mapped.address == "127.0.0.2");
  CHECK(mapped.from_loopback);
  CHECK_FALSE(net::peer_at({make_address("::ffff:10.1.2.3"), 1}).from_loopback);
}

}  // namespace k8scale
