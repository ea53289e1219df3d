#pragma once
#include <string>
#include <vector>

namespace k8scale::net {

/// The numerically smallest address of this host's interfaces that is not a loopback one; IPv4 counts as
/// ::ffff:a.b.c.d. "127.0.0.1" when there is none.
[[nodiscard]] std::string own_address();

/// The addresses of all of this host's interfaces, those of loopback among them; link-local ones left out.
[[nodiscard]] std::vector<std::string> own_addresses();

}  // namespace k8scale::net
