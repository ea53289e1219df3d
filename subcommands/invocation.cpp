#include "invocation.h"

#include <fmt/format.h>

#include <cstdio>

#include "k8scale/base/flags.h"

namespace k8scale::subcommands {

std::optional<int> parse(CLI::App& app, const Invocation& invocation) {
  if (invocation.describe != nullptr) {
    *invocation.describe = read_flag_table(app);
    return 0;
  }
  const base::ParseOutcome outcome = base::parse_go_arguments(app, invocation.arguments);
  if (outcome.proceed) return std::nullopt;
  if (outcome.exit_code == 0) {
    std::fputs(outcome.text.c_str(), stdout);
  } else {
    std::fputs(fmt::format("{}: {}\n", app.get_name(), outcome.text).c_str(), stderr);
  }
  return outcome.exit_code;
}

}  // namespace k8scale::subcommands
