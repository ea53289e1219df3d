#include "k8scale/base/http_date.h"

#include <ctime>
#include <string>

namespace k8scale::base {

std::optional<WallTime> parse_http_date(std::string_view text) {
  std::tm parts{};
  const std::string terminated(text);
  const char* const end = ::strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

}  // namespace k8scale::base
