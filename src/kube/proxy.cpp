#include "k8scale/kube/proxy.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>

#include "k8scale/base/error.h"
#include "k8scale/base/text.h"

namespace k8scale::kube {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> parse_address(std::string_view text) {
  if (text.size() > 1 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address;
}

/// Whether `network` ("10.0.0.0/8") holds `address`; nothing when it is not in CIDR form.
std::optional<bool> network_holds(std::string_view network, const std::optional<ip::address>& address) {
  const std::string text(network);
  boost::system::error_code error;
  const auto v4 = ip::make_network_v4(text, error);
  if (!error) {
    return address && address->is_v4() &&
           ip::make_network_v4(address->to_v4(), v4.prefix_length()).canonical() == v4.canonical();
  }
  const auto v6 = ip::make_network_v6(text, error);
  if (error) return std::nullopt;
  return address && address->is_v6() &&
         ip::make_network_v6(address->to_v6(), v6.prefix_length()).canonical() == v6.canonical();
}

/// Takes ":port" off the end of "host:port" or "[v6]:port"; a bare IPv6 address has no port.
std::string_view take_port(std::string_view& entry) {
  const auto colon = entry.rfind(':');
  if (colon == std::string_view::npos) return {};
  const bool bare_v6 = entry.find(':') != colon && (entry.front() != '[' || entry[colon - 1] != ']');
  if (bare_v6) return {};
  const std::string_view port = entry.substr(colon + 1);
  entry = entry.substr(0, colon);
  return port;
}

/// "example.com" means itself and its subdomains, ".example.com" and "*.example.com" only the subdomains.
bool name_matches(std::string_view pattern, std::string_view host) {
  if (pattern.starts_with("*.")) pattern.remove_prefix(1);
  if (!pattern.starts_with('.')) {
    if (pattern == host) return true;
    return host.size() > pattern.size() && host.ends_with(pattern) &&
           host[host.size() - pattern.size() - 1] == '.';
  }
  return host.size() > pattern.size() && host.ends_with(pattern);
}

bool entry_matches(std::string_view entry, std::string_view host, const std::optional<ip::address>& address,
                   std::uint16_t server_port) {
  if (entry == "*") return true;
  if (const auto held = network_holds(entry, address)) return *held;
  const std::string_view port = take_port(entry);
  if (!port.empty() && port != std::to_string(server_port)) return false;
  if (const auto wanted = parse_address(entry)) return address == wanted;
  return !entry.empty() && name_matches(entry, host);
}

}  // namespace

bool bypasses_proxy(std::string_view no_proxy, const net::Endpoint& server) {
  std::string host = base::lower(server.host);
  if (host.ends_with('.')) host.pop_back();
  const std::optional<ip::address> address = parse_address(host);
  if (host == "localhost" || (address && address->is_loopback())) return true;
  for (const std::string& item : base::split(no_proxy, ',')) {
    const std::string entry = base::lower(base::trim(item));
    if (!entry.empty() && entry_matches(entry, host, address, server.port)) return true;
  }
  return false;
}

std::optional<net::Url> proxy_from_variables(const ProxyVariables& variables, const net::Endpoint& server) {
  const std::string& proxy = server.tls ? variables.https_proxy : variables.http_proxy;
  if (proxy.empty() || bypasses_proxy(variables.no_proxy, server)) return std::nullopt;
  return parse_proxy_url(proxy, server.tls ? "HTTPS_PROXY" : "HTTP_PROXY");
}

net::Url parse_proxy_url(std::string_view text, std::string_view origin) {
  const auto scheme_end = text.find("://");
  const std::string_view scheme =
      scheme_end == std::string_view::npos ? std::string_view() : text.substr(0, scheme_end);
  if (!scheme.empty() && scheme != "http") {
    throw base::Error(
        fmt::format("{}: found a proxy URL of scheme {}, expected http", origin, base::go_quote(scheme)),
        configuration_exit_code);
  }
  auto url = net::parse_url(scheme.empty() ? "http://" + std::string(text) : std::string(text));
  if (!url) {
    // The parser's own text may repeat the URL, password included.
    throw base::Error(fmt::format("{}: the proxy's URL cannot be read, expected http://HOST:PORT", origin),
                      configuration_exit_code);
  }
  return std::move(*url);
}

std::optional<net::Proxy> make_proxy(const Configuration& configuration) {
  if (!configuration.proxy) return std::nullopt;
  const net::Url& url = *configuration.proxy;
  net::Proxy proxy;
  proxy.endpoint = url.endpoint;
  if (!url.user.empty() || !url.password.empty()) {
    proxy.authorization = "Basic " + base::base64_encode(url.user + ":" + url.password);
  }
  return proxy;
}

}  // namespace k8scale::kube
