#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"

namespace k8scale::net {

/// Where to connect, and whether in TLS.
struct Endpoint {
  std::string host;  ///< a name or an address, IPv6 without brackets
  std::uint16_t port = 0;
  bool tls = true;
  std::string tls_name = {};  ///< what the certificate must carry; empty: `host`

  /// "host:port" as the Host field has it: IPv6 in brackets, the scheme's own port left out.
  [[nodiscard]] std::string authority() const;
  /// "https://host:port".
  [[nodiscard]] std::string url() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Url {
  Endpoint endpoint;
  std::string path;      ///< begins with "/" or is empty; no trailing "/" unless the URL had more than that
  std::string query;     ///< without "?"
  std::string user;      ///< decoded
  std::string password;  ///< decoded; a secret
};

/// Reads an http or https URL; `host`, `host:port` without a scheme mean https. A failure (kind protocol)
/// says what was found and what was expected.
[[nodiscard]] base::Result<Url> parse_url(std::string_view text);

/// To listen on all addresses of this host, of IPv6 and of IPv4, or of what there is of both: what Go's
/// servers do when they are given a port only.
inline constexpr std::string_view any_address = "::";

/// Whether it is an IPv4 or IPv6 address, without brackets.
[[nodiscard]] bool is_ip_address(const std::string& text);

/// Reads "port", ":port", "host:port", "[v6]:port". An empty host means `default_host`.
[[nodiscard]] base::Result<Endpoint> parse_host_port(std::string_view text, std::string_view default_host);

}  // namespace k8scale::net
