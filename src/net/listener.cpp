#include "k8scale/net/listener.h"

#include <algorithm>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "k8scale/net/url.h"

namespace k8scale::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Error = boost::system::error_code;

asio::ip::address address_of(Acceptor& acceptor, const std::string& host, Error& error) {
  asio::ip::address literal = asio::ip::make_address(host, error);
  if (!error) return literal;
  asio::ip::basic_resolver<tcp, Executor> resolver(acceptor.get_executor());
  const auto found = resolver.resolve(host, "", asio::ip::resolver_base::passive, error);
  if (error || found.empty()) return {};
  const auto v4 = std::find_if(found.begin(), found.end(),
                               [](const auto& entry) { return entry.endpoint().address().is_v4(); });
  return (v4 == found.end() ? found.begin() : v4)->endpoint().address();
}

void bind(Acceptor& acceptor, tcp::endpoint endpoint, Error& error) {
  acceptor.open(endpoint.protocol(), error);
  const bool any = endpoint.address() == asio::ip::address_v6::any();
  if (error == asio::error::address_family_not_supported && any) {
    endpoint = tcp::endpoint(tcp::v4(), endpoint.port());
    acceptor.open(endpoint.protocol(), error);
  }
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(!any), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
}

}  // namespace

base::Result<void> listen_on(Acceptor& acceptor, const std::string& host, std::uint16_t port) {
  Error error;
  const asio::ip::address address = address_of(acceptor, host, error);
  if (!error) bind(acceptor, {address, port}, error);
  if (!error) return {};
  return base::Failure(base::FailureKind::io, "cannot listen on " + Endpoint{host, port, false}.authority() +
                                                  ": " + error.message());
}

Peer peer_at(const tcp::endpoint& endpoint) {
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return {address.to_string(), address.is_loopback()};
}

}  // namespace k8scale::net
