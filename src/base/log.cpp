#include "k8scale/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace k8scale::base {
namespace {

std::atomic<int>& verbosity_level() {
  static std::atomic<int> level = 0;
  return level;
}

// klog's header: severity, date, time, thread or process number in 7 columns, file and line.
// Never destroyed: a plugin's thread may log while the program ends.
spdlog::logger& logger() {
  static spdlog::logger* const instance = [] {
    auto* made = new spdlog::logger("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%L%m%d %H:%M:%S.%f %7P %s:%#] %v");
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum spdlog_level(Severity severity) {
  switch (severity) {
    case Severity::info:
      return spdlog::level::info;
    case Severity::warning:
      return spdlog::level::warn;
    case Severity::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

}  // namespace

void set_verbosity(int level) { verbosity_level().store(level, std::memory_order_relaxed); }

int verbosity() { return verbosity_level().load(std::memory_order_relaxed); }

void log(Severity severity, std::string_view text, std::source_location where) {
  const spdlog::source_loc location(where.file_name(), static_cast<int>(where.line()), where.function_name());
  logger().log(location, spdlog_level(severity), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace k8scale::base
