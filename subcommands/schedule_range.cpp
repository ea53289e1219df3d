#include "schedule_range.h"

#include <fmt/format.h>

#include <cmath>

#include "k8scale/base/error.h"

namespace k8scale::subcommands {
namespace {

constexpr double longest_time = 1e9;  // seconds
// Each worker counts the objects in each phase, in 8 bytes.
constexpr std::uint64_t most_counts = 20'000'000;

bool is_rate(double rate) { return std::isfinite(rate) && rate >= 1e-6 && rate <= 1e7; }

}  // namespace

void check_rate(const char* flag, double rate) {
  if (is_rate(rate)) return;
  throw base::Error(fmt::format("{}: found {}, expected 0.000001 to 10000000 per second", flag, rate));
}

void check_rate_or_none(const char* flag, double rate) {
  if (rate == 0 || is_rate(rate)) return;
  throw base::Error(fmt::format("{}: found {}, expected 0.000001 to 10000000 per second, or 0", flag, rate));
}

void check_time(const std::string& found, const char* what, double seconds) {
  if (seconds <= longest_time) return;
  throw base::Error(
      fmt::format("{}, so that {} {:.0f} s; expected at most {:.0f} s", found, what, seconds, longest_time));
}

void check_closed_loop(const load::ClosedLoopParameters& loop, const char* workers_flag) {
  const std::uint64_t phases = loop.updates + 2;
  if (loop.workers > most_counts / phases) {
    throw base::Error(fmt::format("--updates: found {} with {} {}, expected at most {} of those",
                                  loop.updates, workers_flag, loop.workers, most_counts / phases));
  }
  if (loop.rate == 0) return;
  const double operations = static_cast<double>(loop.objects) * static_cast<double>(phases);
  check_time(
      fmt::format("-n: found {} with --updates {} and --rate {}", loop.objects, loop.updates, loop.rate),
      "the run takes", operations / loop.rate);
}

}  // namespace k8scale::subcommands
