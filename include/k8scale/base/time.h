#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace k8scale::base {

/// All durations that are measured come from this clock.
using SteadyTime = std::chrono::steady_clock::time_point;
/// Wall-clock moments, for people and for other machines; never subtracted to measure something.
using WallTime = std::chrono::system_clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;

/// "2026-11-24 15:04:05.123", UTC.
[[nodiscard]] std::string format_utc_millis(WallTime time);
/// Appends the same to `out`, without an allocation of its own.
void append_utc_millis(std::string& out, WallTime time);
/// "2026-11-24 15:04:05.123 +0100" in the local zone (Go's layout `2006-01-02 15:04:05.000 -0700`).
[[nodiscard]] std::string format_local_millis(WallTime time);
/// Reads what `format_local_millis` writes, with any zone.
[[nodiscard]] std::optional<WallTime> parse_zoned_millis(std::string_view text);
/// "2026-11-24T15:04:05Z", the form of creationTimestamp.
[[nodiscard]] std::string format_rfc3339(WallTime time);
/// Reads RFC 3339 with optional fraction and any zone. What a WallTime cannot hold (before 1678, after 2261)
/// becomes the first or last that it can.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

/// Reads a Go duration: "300ms", "1.5h", "1m30s", "0". Nothing when it is not one.
[[nodiscard]] std::optional<Nanoseconds> parse_duration(std::string_view text);
/// A duration for people, three significant digits: "812ns", "43.1µs", "2.35ms", "1.20s".
[[nodiscard]] std::string format_duration(Nanoseconds duration);
[[nodiscard]] double to_seconds(Nanoseconds duration);
/// The nearest nanosecond.
[[nodiscard]] Nanoseconds from_seconds(double seconds);

}  // namespace k8scale::base
