#include "blocks/failure_log.h"

#include <fmt/format.h>

#include "k8scale/base/log.h"

namespace k8scale::blocks {
namespace {

constexpr base::Nanoseconds pause = std::chrono::seconds(1);
constexpr std::size_t most_kept = 100;

}  // namespace

void FailureLog::tell(std::size_t connection, const std::string& message, base::SteadyTime now) {
  if (told_.size() > most_kept) told_.clear();
  const auto [place, first] = told_.try_emplace(message, Told{now});
  Told& told = place->second;
  if (!first && now - told.when < pause) {
    ++told.untold;
    return;
  }
  std::string more;
  if (told.untold > 0) {
    more =
        fmt::format(" (and {} times in the {} before)", told.untold, base::format_duration(now - told.when));
  }
  base::log_warning(fmt::format("connection {}: {}{}", connection, message, more));
  told = Told{now};
}

}  // namespace k8scale::blocks
