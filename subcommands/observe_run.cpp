#include "observe_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "k8scale/base/log.h"
#include "k8scale/measure/report.h"

namespace k8scale::subcommands {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto look_period = std::chrono::milliseconds(250);

base::SteadyTime end_of(base::SteadyTime start, base::Nanoseconds duration) {
  return duration == base::Nanoseconds(0) ? base::SteadyTime::max() : start + duration;
}

}  // namespace

std::string RunEnd::warning() const {
  if (blind == base::Nanoseconds(0)) return {};
  return fmt::format("nothing, or not all, was watched in the last {}: what happened then is not known",
                     base::format_duration(blind));
}

RunEnd wait_for_end(const ObserveFlags& flags, base::StopSignals& signals,
                    const std::function<Activity()>& look) {
  const base::SteadyTime end = end_of(Clock::now(), flags.run_for);
  std::optional<base::SteadyTime> watched;  // the last time when it was so
  base::SteadyTime idle_end = base::SteadyTime::max();
  RunEnd found;
  while (true) {
    const base::SteadyTime now = Clock::now();
    const base::SteadyTime next = std::min({now + look_period, end, std::max(idle_end, now)});
    if (const auto signal = signals.wait_until(next)) {
      base::log_info("interrupted by " + std::string(base::signal_name(*signal)));
      found.signal = signal;
      return found;
    }
    const Activity activity = look();
    if (activity.watching && !watched) base::log_info("changes are watched");
    if (activity.watching) watched = Clock::now();
    found.blind = watched && !activity.watching ? Clock::now() - *watched : base::Nanoseconds(0);
    idle_end = activity.watching ? end_of(activity.last, flags.until_idle) : base::SteadyTime::max();
    if (activity.ended || Clock::now() >= std::min(end, idle_end)) return found;
  }
}

void wait_for_stop(std::future<void>& done, base::StopSignals& signals,
                   const std::function<void()>& before_exit) {
  while (done.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    const auto signal = signals.wait_until(Clock::now() + look_period);
    if (!signal) continue;
    base::log_warning("a second signal: ending at once");
    before_exit();
    ::_exit(128 + *signal);
  }
}

bool write_summary(const ObserveFlags& flags, const nlohmann::ordered_json& summary) {
  if (flags.summary_file.empty()) return true;
  const base::Result<void> written = measure::write_json(flags.summary_file, summary);
  if (written.has_error()) base::log_error("--summary-file: " + written.error().detail());
  return written.has_value();
}

std::string birth_time() {
  const std::string now = base::format_local_millis(std::chrono::system_clock::now());
  return now.substr(11, 2) + now.substr(14, 2) + now.substr(17, 2);
}

}  // namespace k8scale::subcommands
