#include "start_flags.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"
#include "k8scale/base/flags.h"
#include "k8scale/base/text.h"

namespace k8scale::subcommands {
namespace {

constexpr base::Nanoseconds farthest_start = std::chrono::hours(24 * 365);

}  // namespace

void StartFlags::declare(CLI::App& app) {
  base::add_value(app, "--start-at", at, "when the run begins, as 2026-11-24T15:04:05Z; without it at once");
  base::add_bool(app, "--start-together", together,
                 "begin when all parts are there, which meet in ConfigMap RUNID-start");
  base::add_duration(app, "--start-deadline", deadline, "longest time to wait for the other parts");
}

std::optional<base::WallTime> StartFlags::check(base::WallTime now) const {
  if (deadline <= base::Nanoseconds(0) || deadline > farthest_start) {
    throw base::Error(fmt::format("--start-deadline: found {}, expected more than 0 and at most a year",
                                  base::format_duration(deadline)));
  }
  if (deadline != default_deadline && !together) {
    throw base::Error("--start-deadline is for --start-together: expected both, or neither");
  }
  if (at.empty()) return std::nullopt;
  if (together) throw base::Error("--start-at and --start-together both say when; expected one of them");
  const auto moment = base::parse_rfc3339(at);
  if (!moment) {
    throw base::Error(fmt::format("--start-at: found {}, expected a moment such as 2026-11-24T15:04:05Z",
                                  base::go_quote(at)));
  }
  if (*moment < now || *moment - now > farthest_start) {
    throw base::Error(
        fmt::format("--start-at: found {}, but it is {}; expected a moment to come, within a year", at,
                    base::format_rfc3339(now)));
  }
  return moment;
}

}  // namespace k8scale::subcommands
