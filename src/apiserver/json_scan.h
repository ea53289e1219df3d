#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace k8scale::apiserver {

/// How many bytes from `at` need no care in a JSON string: ASCII from 0x20, without quote and backslash.
[[nodiscard]] std::size_t plain_run(std::string_view text, std::size_t at);

/// Length of the well-formed UTF-8 sequence at `at`, 0 when there is none (RFC 3629).
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t at);

/// Appends the code point `code`, at most U+10FFFF and no surrogate, in UTF-8.
void append_utf8(std::string& out, std::uint32_t code);

}  // namespace k8scale::apiserver
