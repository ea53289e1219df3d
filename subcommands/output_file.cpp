#include "output_file.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"
#include "k8scale/base/files.h"

namespace k8scale::subcommands {

void check_output_file(const char* flag, const std::string& file, int exit_code) {
  if (file.empty()) return;
  const base::Result<void> writable = base::check_writable(file);
  if (writable.has_error()) {
    throw base::Error(fmt::format("{}: cannot write {}", flag, writable.error().detail()), exit_code);
  }
}

}  // namespace k8scale::subcommands
