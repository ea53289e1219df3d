#include "k8scale/net/url.h"

#include <arpa/inet.h>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <optional>

#include "k8scale/base/number.h"

namespace k8scale::net {
namespace {

base::Failure refused(std::string_view text, std::string_view expected) {
  return {base::FailureKind::protocol,
          "found \"" + std::string(text) + "\", expected " + std::string(expected)};
}

}  // namespace

std::string Endpoint::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

std::string Endpoint::url() const { return (tls ? "https://" : "http://") + authority(); }

base::Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view expected = "a URL such as https://host:6443";
  const std::string whole =
      text.find("://") == std::string_view::npos ? "https://" + std::string(text) : std::string(text);
  const auto parsed = boost::urls::parse_uri(whole);
  if (!parsed) return refused(text, expected);
  const boost::urls::url_view& view = *parsed;
  Url url;
  if (view.scheme_id() != boost::urls::scheme::https && view.scheme_id() != boost::urls::scheme::http) {
    return refused(text, "a URL that begins with https:// or http://");
  }
  url.endpoint.tls = view.scheme_id() == boost::urls::scheme::https;
  url.endpoint.host = view.host_address();
  if (url.endpoint.host.empty()) return refused(text, expected);
  url.endpoint.port = url.endpoint.tls ? 443 : 80;
  url.path = view.encoded_path();
  // Boost.URL takes what follows the digits of a port for a path.
  if (!url.path.empty() && !url.path.starts_with('/')) return refused(text, "a port from 1 to 65535");
  if (view.has_port() && !view.port().empty()) {
    const auto port = base::parse_number<std::uint16_t>(view.port());
    if (!port || *port == 0) return refused(text, "a port from 1 to 65535");
    url.endpoint.port = *port;
  }
  if (url.path.ends_with('/')) url.path.pop_back();
  url.query = view.encoded_query();
  url.user = view.user();
  url.password = view.password();
  return url;
}

bool is_ip_address(const std::string& text) {
  in6_addr room{};  // either fits
  return ::inet_pton(AF_INET, text.c_str(), &room) == 1 || ::inet_pton(AF_INET6, text.c_str(), &room) == 1;
}

base::Result<Endpoint> parse_host_port(std::string_view text, std::string_view default_host) {
  constexpr std::string_view expected = "PORT or HOST:PORT with a port from 0 to 65535";
  const std::size_t colon = text.rfind(':');
  const auto port =
      base::parse_number<std::uint16_t>(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!port) return refused(text, expected);
  std::string_view host = colon == std::string_view::npos ? std::string_view() : text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return refused(text, expected);
  Endpoint endpoint;
  endpoint.host = host.empty() ? default_host : host;
  endpoint.port = *port;
  return endpoint;
}

}  // namespace k8scale::net
