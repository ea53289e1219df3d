#pragma once
#include <string>
#include <string_view>

namespace k8scale::base {

/// What compressing gives away for what.
enum class GzipEffort { fast, usual };

/// `text` in gzip (RFC 1952).
[[nodiscard]] std::string gzip(std::string_view text, GzipEffort effort);

}  // namespace k8scale::base
