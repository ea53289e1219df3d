#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace k8scale::base {

/// Go's `%q`: double quotes, \n \t \" \\ \xNN \uNNNN escapes, printable UTF-8 kept.
[[nodiscard]] std::string go_quote(std::string_view text);
void append_go_quote(std::string& out, std::string_view text);
/// In double quotes for a POSIX shell; " \ $ ` are escaped.
[[nodiscard]] std::string shell_quote(std::string_view text);
/// RFC 4648 with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
/// Accepts line breaks and blanks between digits; nothing when it is not base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
/// ASCII case-insensitive equality, as HTTP field names need it.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
/// Percent-encodes everything but RFC 3986 unreserved characters.
[[nodiscard]] std::string percent_encode(std::string_view text);
/// Decodes %XX, and `+` as a blank (the form of query strings). Nothing on a bad escape.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// "3.20 MB", "512 B": decimal units.
[[nodiscard]] std::string format_bytes(double bytes);

}  // namespace k8scale::base
