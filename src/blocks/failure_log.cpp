#include "blocks/failure_log.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ranges>

namespace k8scale::blocks {
namespace {

constexpr base::Nanoseconds pause = std::chrono::seconds(1);
constexpr std::size_t most_messages = 100;
constexpr std::size_t most_at_once = 8;
constexpr std::size_t most_named = 64;

// "connection 3", "connections 0, 1, 7 and 5 more"
std::string names(const std::set<std::size_t>& connections) {
  std::string text = fmt::format("connection{} {}", connections.size() == 1 ? "" : "s",
                                 fmt::join(connections | std::views::take(most_named), ", "));
  if (connections.size() > most_named) text += fmt::format(" and {} more", connections.size() - most_named);
  return text;
}

}  // namespace

void FailureLog::tell(std::size_t connection, const std::string& message, base::SteadyTime now) {
  if (seconds_.size() == most_messages && !seconds_.contains(message)) {
    tell_rest(now);
    seconds_.clear();
  }
  Second& second = seconds_.try_emplace(message, Second{now, {}, {}, 0}).first->second;
  if (now - second.begin >= pause) {
    sum_up(message, second, now);
    second = Second{now, {}, {}, 0};
  }
  if (second.told.size() < most_at_once && second.told.insert(connection).second) {
    warn_(fmt::format("connection {}: {}", connection, message));
  } else {
    second.untold.insert(connection);
    ++second.times_untold;
  }
}

void FailureLog::tell_rest(base::SteadyTime now) {
  for (auto& [message, second] : seconds_) {
    sum_up(message, second, now);
    second.untold.clear();
    second.times_untold = 0;
  }
}

void FailureLog::sum_up(const std::string& message, const Second& second, base::SteadyTime now) const {
  if (second.times_untold == 0) return;
  const std::string times = second.times_untold == 1 ? "once" : fmt::format("{} times", second.times_untold);
  warn_(fmt::format("{}: {} ({} more in {})", names(second.untold), message, times,
                    base::format_duration(now - second.begin)));
}

}  // namespace k8scale::blocks
