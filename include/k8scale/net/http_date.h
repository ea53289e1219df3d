#pragma once
#include <optional>
#include <string_view>

#include "k8scale/base/time.h"

namespace k8scale::net {

/// Reads a Date field, "Tue, 24 Nov 2026 15:04:05 GMT" (IMF-fixdate of RFC 9110, 5.6.7).
[[nodiscard]] std::optional<base::WallTime> parse_http_date(std::string_view text);

}  // namespace k8scale::net
