#pragma once
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/net/shard.h"

/// What servers of TCP have in common.
namespace k8scale::net {

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;

/// Binds and listens. `host` is any_address, another IP address, or a name: its first IPv4 address, else its
/// first. Waits until the name is resolved. A failure (kind io) names host and port, and says why.
[[nodiscard]] base::Result<void> listen_on(Acceptor& acceptor, const std::string& host, std::uint16_t port);

struct Peer {
  std::string address;  ///< without the port; IPv4 as such, whatever the socket
  bool from_loopback = false;
};
[[nodiscard]] Peer peer_at(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace k8scale::net
