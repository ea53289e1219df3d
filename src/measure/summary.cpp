#include "k8scale/measure/summary.h"

#include <fmt/format.h>

namespace k8scale::measure {
namespace {

constexpr int harmless_part = 5;
constexpr std::uint64_t few_operations = 100;  // whose p99 is but the slowest of them
constexpr double harmless_failures = 0.01;
constexpr std::uint64_t harmless_late = 100;  // one of so many

std::optional<std::string> bottleneck_warning(const Snapshot& totals) {
  const Histogram lags = totals.own_lag();
  const base::Nanoseconds lag = lags.quantile(0.99);
  const base::Nanoseconds response = totals.response_time().quantile(0.99);
  const bool harmless =
      lag <= harmless_lag || lag <= response / harmless_part || totals.late() * harmless_late <= lags.count();
  if (lags.count() < few_operations || harmless) return std::nullopt;
  return fmt::format(
      "this program was the bottleneck: send lag p99 is {} by its doing, response time p99 {}; "
      "use more shards, more CPU or a lower rate",
      base::format_duration(lag), base::format_duration(response));
}

std::optional<std::string> failures_warning(const Snapshot& totals) {
  const auto done = static_cast<double>(totals.done());
  const auto failed = static_cast<double>(totals.failed());
  if (failed == 0 || failed <= harmless_failures * done) return std::nullopt;
  return fmt::format("{} of {} operations failed; those that could not be sent have no part in the times",
                     totals.failed(), totals.done());
}

std::optional<std::string> watch_warning(const Snapshot& totals) {
  const WatchTotals& watch = totals.watch;
  if (totals.missed() + watch.duplicated + watch.reordered == 0) return std::nullopt;
  return fmt::format("the watches missed {} events, showed {} twice and {} out of order", totals.missed(),
                     watch.duplicated, watch.reordered);
}

std::optional<std::string> not_followed_warning(const WatchTotals& watch) {
  if (watch.not_followed == 0) return std::nullopt;
  return fmt::format(
      "{} writes were not followed: too many others had not been seen, or their answers had no version",
      watch.not_followed);
}

}  // namespace

void Summary::set_pace(const Snapshot& driven) {
  const ScheduleTotals schedule = driven.of_schedule(paced_verb);
  const Span& scheduled = schedule.scheduled;
  const Span& ended_well = schedule.ended_well;
  // What failed, and a slow first answer, took their time too.
  const bool took_longer =
      schedule.ok > 0 && ended_well.last - ended_well.first < scheduled.last - scheduled.first;
  achieved_rate = (took_longer ? scheduled : ended_well).rate(schedule.ok);
  schedule_length = schedule.done > 0 ? scheduled.last - start : base::Nanoseconds(0);
}

std::optional<base::Nanoseconds> Summary::cpu_per_operation() const {
  const std::uint64_t done = totals.done();
  if (done == 0) return std::nullopt;
  return shard_cpu / static_cast<std::int64_t>(done);
}

std::vector<std::string> Summary::warnings() const {
  std::vector<std::string> all = notes;
  if (rows) {
    if (std::string warning = rows_warning(*rows); !warning.empty()) all.push_back(std::move(warning));
  }
  if (seen_rows) {
    if (std::string warning = rows_warning(*seen_rows); !warning.empty()) all.push_back(std::move(warning));
  }
  if (auto warning = failures_warning(totals)) all.push_back(std::move(*warning));
  if (auto warning = watch_warning(totals)) all.push_back(std::move(*warning));
  if (auto warning = not_followed_warning(totals.watch)) all.push_back(std::move(*warning));
  if (auto warning = bottleneck_warning(totals)) all.push_back(std::move(*warning));
  return all;
}

}  // namespace k8scale::measure
