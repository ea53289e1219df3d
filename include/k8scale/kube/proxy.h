#pragma once
#include <optional>
#include <string_view>

#include "k8scale/kube/configuration.h"
#include "k8scale/net/pool.h"
#include "k8scale/net/url.h"

namespace k8scale::kube {

/// Whether NO_PROXY (or Go's rule for localhost) lets `server` be reached without a proxy.
[[nodiscard]] bool bypasses_proxy(std::string_view no_proxy, const net::Endpoint& server);

/// The proxy that the variables name for `server`. Throws base::Error when it cannot be used.
[[nodiscard]] std::optional<net::Url> proxy_from_variables(const ProxyVariables& variables,
                                                           const net::Endpoint& server);

/// Reads a proxy's URL; `origin` is the variable, or the file, line and field. Throws base::Error unless it
/// is http or has no scheme (http): a proxy is reached without TLS. Errors do not show its password.
[[nodiscard]] net::Url parse_proxy_url(std::string_view text, std::string_view origin);

/// What a pool needs to use the configuration's proxy.
[[nodiscard]] std::optional<net::Proxy> make_proxy(const Configuration& configuration);

}  // namespace k8scale::kube
