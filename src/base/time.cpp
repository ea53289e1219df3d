#include "k8scale/base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace k8scale::base {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;

struct Calendar {
  int year;
  unsigned month, day;
  unsigned hour, minute, second, millisecond;
};

constexpr std::string_view millis_form = "0000-00-00 00:00:00.000";

Calendar calendar_utc(WallTime time) {
  const auto millis = floor<std::chrono::milliseconds>(time);
  const auto day = floor<std::chrono::days>(millis);
  const std::chrono::year_month_day date(day);
  const auto in_day = static_cast<unsigned>((millis - day).count());
  return {int(date.year()),    unsigned(date.month()), unsigned(date.day()), in_day / 3600000,
          in_day / 60000 % 60, in_day / 1000 % 60,     in_day % 1000};
}

void write_digit(char* place, unsigned value) { *place = static_cast<char>('0' + value); }

void write_two_digits(char* place, unsigned value) {
  write_digit(place, value / 10);
  write_digit(place + 1, value % 10);
}

// Writes as many characters as `millis_form` has.
void write_millis(char* place, const Calendar& c) {
  std::copy(millis_form.begin(), millis_form.end(), place);
  write_two_digits(place, static_cast<unsigned>(c.year) / 100);
  write_two_digits(place + 2, static_cast<unsigned>(c.year) % 100);
  write_two_digits(place + 5, c.month);
  write_two_digits(place + 8, c.day);
  write_two_digits(place + 11, c.hour);
  write_two_digits(place + 14, c.minute);
  write_two_digits(place + 17, c.second);
  write_digit(place + 20, c.millisecond / 100);
  write_two_digits(place + 21, c.millisecond % 100);
}

// Reads exactly `digits` decimal digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_char(std::string_view& text, std::string_view allowed) {
  if (text.empty() || std::find(allowed.begin(), allowed.end(), text[0]) == allowed.end()) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Nanoseconds> take_fraction(std::string_view& text) {
  std::int64_t value = 0;
  std::int64_t scale = 1000000000;
  std::size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits) {
    if (scale == 1) continue;
    scale /= 10;
    value += (text[0] - '0') * scale;
  }
  if (digits == 0) return std::nullopt;
  return Nanoseconds(value);
}

// "+01:30", or "+0130" when there is no separator.
std::optional<std::chrono::minutes> take_offset(std::string_view& text, std::string_view separator) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  if (!hours || (!separator.empty() && !take_char(text, separator))) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (take_char(text, "Zz")) return std::chrono::minutes(0);
  return take_offset(text, ":");
}

// "2026-11-24T15:04:05", a moment without a zone; `between` may stand between date and time.
std::optional<std::chrono::sys_seconds> take_date_time(std::string_view& text, std::string_view between) {
  const auto year = take_number(text, 4);
  if (!year || !take_char(text, "-")) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take_char(text, "-")) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take_char(text, between)) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take_char(text, ":")) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take_char(text, ":")) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(unsigned(*month)),
                                         std::chrono::day(unsigned(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

// `moment` + `more`; what a WallTime cannot hold becomes its first or last moment.
WallTime nearest_wall_time(std::chrono::sys_seconds moment, Nanoseconds more) {
  constexpr auto first = std::chrono::sys_days(std::chrono::year(1678) / 1 / 1);
  constexpr auto end = std::chrono::sys_days(std::chrono::year(2262) / 1 / 1);
  if (moment < first) return WallTime::min();
  if (moment >= end) return WallTime::max();
  return WallTime(moment) + more;
}

struct Unit {
  std::string_view name;
  double nanoseconds;
};
// Longer names before their beginnings.
constexpr std::array<Unit, 8> duration_units = {{{"ns", 1},
                                                 {"us", 1e3},
                                                 {"\u00b5s", 1e3},
                                                 {"\u03bcs", 1e3},
                                                 {"ms", 1e6},
                                                 {"s", 1e9},
                                                 {"m", 60e9},
                                                 {"h", 3600e9}}};

}  // namespace

void append_utc_millis(std::string& out, WallTime time) {
  std::array<char, millis_form.size()> text{};
  write_millis(text.data(), calendar_utc(time));
  out.append(text.data(), text.size());
}

std::string format_utc_millis(WallTime time) {
  std::string out;
  append_utc_millis(out, time);
  return out;
}

std::string format_local_millis(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(floor<std::chrono::seconds>(time));
  std::tm local{};
  localtime_r(&seconds, &local);
  const std::chrono::seconds offset(local.tm_gmtoff);
  const unsigned minutes = static_cast<unsigned>(std::abs(offset.count())) / 60;
  std::string text(millis_form.size() + std::string_view(" +0000").size(), ' ');
  write_millis(text.data(), calendar_utc(time + offset));
  char* zone = text.data() + millis_form.size() + 1;
  zone[0] = offset.count() < 0 ? '-' : '+';
  write_two_digits(zone + 1, minutes / 60);
  write_two_digits(zone + 3, minutes % 60);
  return text;
}

std::string format_rfc3339(WallTime time) {
  const Calendar c = calendar_utc(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", c.year, c.month, c.day, c.hour, c.minute,
                     c.second);
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const auto moment = take_date_time(text, "Tt ");
  if (!moment) return std::nullopt;
  Nanoseconds fraction{0};
  if (take_char(text, ".,")) {
    const auto read = take_fraction(text);
    if (!read) return std::nullopt;
    fraction = *read;
  }
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;
  return nearest_wall_time(*moment, fraction - *zone);
}

std::optional<WallTime> parse_zoned_millis(std::string_view text) {
  const auto moment = take_date_time(text, " ");
  if (!moment || !take_char(text, ".")) return std::nullopt;
  const auto millis = take_number(text, 3);
  if (!millis || !take_char(text, " ")) return std::nullopt;
  const auto zone = take_offset(text, "");
  if (!zone || !text.empty()) return std::nullopt;
  return nearest_wall_time(*moment, std::chrono::milliseconds(*millis) - *zone);
}

std::optional<Nanoseconds> parse_duration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return Nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double value = 0;
    if (text[0] != '.' && (text[0] < '0' || text[0] > '9')) return std::nullopt;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const Unit* found = nullptr;
    for (const Unit& unit : duration_units) {
      if (found == nullptr && text.starts_with(unit.name)) found = &unit;
    }
    if (found == nullptr) return std::nullopt;
    text.remove_prefix(found->name.size());
    total += value * found->nanoseconds;
  }
  if (total >= 9.2e18) return std::nullopt;
  return Nanoseconds(std::llround(negative ? -total : total));
}

std::string format_duration(Nanoseconds duration) {
  constexpr std::array<std::pair<double, std::string_view>, 4> units = {
      {{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}}};
  const auto value = static_cast<double>(duration.count());
  const double size = std::fabs(value);
  if (size < 1e3) return fmt::format("{}ns", duration.count());
  std::size_t unit = 0;
  while (unit + 1 < units.size() && size >= 999.5 * units[unit].first) ++unit;
  const double shown = value / units[unit].first;
  const double shown_size = std::fabs(shown);
  return fmt::format("{:.{}f}{}", shown,
                     shown_size < 9.995   ? 2
                     : shown_size < 99.95 ? 1
                                          : 0,
                     units[unit].second);
}

double to_seconds(Nanoseconds duration) { return static_cast<double>(duration.count()) / 1e9; }

Nanoseconds from_seconds(double seconds) { return Nanoseconds(std::llround(seconds * 1e9)); }

}  // namespace k8scale::base
