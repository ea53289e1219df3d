#pragma once
#include <string>
#include <string_view>

namespace k8scale::base {

/// Whether time or size matters more.
enum class GzipEffort { fast, usual };

/// `text` in gzip (RFC 1952).
[[nodiscard]] std::string gzip(std::string_view text, GzipEffort effort);

}  // namespace k8scale::base
