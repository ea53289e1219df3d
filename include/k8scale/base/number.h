#pragma once
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace k8scale::base {

/// The number that the whole text is, as std::from_chars reads it: no blanks, no "+". Nothing when it is
/// none, or none that a T holds. `base` is of whole numbers alone.
template <class T, class... Base>
[[nodiscard]] std::optional<T> parse_number(std::string_view text, Base... base) {
  T number{};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number, base...);
  if (error != std::errc() || end != last) return std::nullopt;
  return number;
}

}  // namespace k8scale::base
