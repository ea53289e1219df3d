#include "k8scale/net/http_date.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace k8scale::net {

std::optional<base::WallTime> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  if (month == months.end() || text[7] != ' ' || text[11] != ' ' || text[16] != ' ') return std::nullopt;
  return base::parse_rfc3339(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - months.begin() + 1,
                                         text.substr(5, 2), text.substr(17, 8)));
}

}  // namespace k8scale::net
