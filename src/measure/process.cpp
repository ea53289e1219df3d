#include "k8scale/measure/process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "k8scale/base/files.h"

namespace k8scale::measure {
namespace {

std::uint64_t leading_number(std::string_view text) {
  const std::size_t digit = text.find_first_of("0123456789");
  if (digit == std::string_view::npos) return 0;
  std::uint64_t value = 0;
  std::from_chars(text.data() + digit, text.data() + text.size(), value);
  return value;
}

// The number of the line "FIELD: number …" or "FIELD number …".
std::uint64_t line_value(std::string_view text, std::string_view field) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (text.starts_with(field)) return leading_number(text.substr(field.size(), end - field.size()));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return 0;
}

std::string read_or_empty(const char* path) {
  auto content = base::read_file(path);
  return content ? std::move(*content) : std::string();
}

base::Nanoseconds to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

std::uint64_t count_open_files() {
  std::error_code error;
  std::uint64_t count = 0;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  return count == 0 ? 0 : count - 1;  // one of them was the folder itself
}

// proc(5): field 22 of stat is the start in clock ticks after boot; field 2 may hold blanks and ends with
// ")".
base::WallTime start_time() {
  const std::string stat = read_or_empty("/proc/self/stat");
  std::string_view rest(stat);
  rest.remove_prefix(std::min(rest.size(), rest.rfind(')') + 1));
  for (int field = 2; field < 22 && !rest.empty(); ++field) {
    rest.remove_prefix(std::min(rest.size(), rest.find(' ') + 1));
  }
  const std::uint64_t boot = line_value(read_or_empty("/proc/stat"), "btime ");
  const long ticks_per_second = ::sysconf(_SC_CLK_TCK);
  if (rest.empty() || boot == 0 || ticks_per_second <= 0) return {};
  const double seconds = static_cast<double>(boot) +
                         static_cast<double>(leading_number(rest)) / static_cast<double>(ticks_per_second);
  return base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(base::from_seconds(seconds)));
}

}  // namespace

ProcessFigures read_process() {
  ProcessFigures figures;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    figures.cpu = to_duration(usage.ru_utime) + to_duration(usage.ru_stime);
  const std::string status = read_or_empty("/proc/self/status");
  figures.resident_bytes = line_value(status, "VmRSS:") * 1024;
  figures.peak_resident_bytes = line_value(status, "VmHWM:") * 1024;
  figures.virtual_bytes = line_value(status, "VmSize:") * 1024;
  figures.open_files = count_open_files();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_files = limit.rlim_cur;
  figures.started = start_time();
  return figures;
}

}  // namespace k8scale::measure
