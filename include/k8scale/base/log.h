#pragma once
#include <fmt/format.h>

#include <source_location>
#include <string_view>

/// Log lines on stderr with klog's header: `I1124 15:04:05.000000 PID file:line] text`. Safe from any thread.
namespace k8scale::base {

enum class Severity { info, warning, error };

/// Lines of `log_info` at a level above this are dropped. Set once at start-up (`-v N`).
void set_verbosity(int level);
[[nodiscard]] int verbosity();

void log(Severity severity, std::string_view text,
         std::source_location where = std::source_location::current());

inline void log_info(std::string_view text, std::source_location where = std::source_location::current()) {
  log(Severity::info, text, where);
}
inline void log_warning(std::string_view text, std::source_location where = std::source_location::current()) {
  log(Severity::warning, text, where);
}
inline void log_error(std::string_view text, std::source_location where = std::source_location::current()) {
  log(Severity::error, text, where);
}
/// Only when `-v` is at least `level`. Build costly texts behind `if (verbosity() >= level)`.
inline void log_verbose(int level, std::string_view text,
                        std::source_location where = std::source_location::current()) {
  if (verbosity() >= level) log(Severity::info, text, where);
}

}  // namespace k8scale::base
