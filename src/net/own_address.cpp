#include "k8scale/net/own_address.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <boost/asio/ip/address.hpp>
#include <cstring>
#include <memory>
#include <optional>

namespace k8scale::net {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> address_of(const sockaddr* socket_address) {
  if (socket_address == nullptr) return std::nullopt;
  if (socket_address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, socket_address, sizeof v4);
    return ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (socket_address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, socket_address, sizeof v6);
    ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return ip::address_v6(bytes);
  }
  return std::nullopt;
}

ip::address_v6 as_v6(const ip::address& address) {
  return address.is_v6() ? address.to_v6() : ip::make_address_v6(ip::v4_mapped, address.to_v4());
}

std::vector<ip::address> interface_addresses() {
  ifaddrs* first = nullptr;
  std::vector<ip::address> all;
  if (::getifaddrs(&first) != 0) return all;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, &::freeifaddrs);
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    const auto address = address_of(each->ifa_addr);
    if (address) all.push_back(*address);
  }
  return all;
}

}  // namespace

std::vector<std::string> own_addresses() {
  std::vector<std::string> texts;
  for (const ip::address& each : interface_addresses()) {
    const bool local_to_a_link = each.is_v6() && each.to_v6().is_link_local();
    if (!local_to_a_link) texts.push_back(each.to_string());
  }
  return texts;
}

std::string own_address() {
  std::optional<ip::address> smallest;
  for (const ip::address& each : interface_addresses()) {
    if (each.is_loopback()) continue;
    if (!smallest || as_v6(each) < as_v6(*smallest)) smallest = each;
  }
  return smallest ? smallest->to_string() : "127.0.0.1";
}

}  // namespace k8scale::net
