#pragma once
#include <optional>
#include <string_view>

#include "k8scale/base/time.h"

namespace k8scale::base {

/// Reads the Date field of HTTP (RFC 9110, 5.6.7, the form that is written today): "Tue, 24 Nov 2026 15:04:05
/// GMT".
[[nodiscard]] std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace k8scale::base
