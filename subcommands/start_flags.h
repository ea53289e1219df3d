#pragma once
#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "k8scale/base/time.h"

namespace k8scale::subcommands {

/// The flags that say when a driver's run begins.
struct StartFlags {
  std::string at;
  bool together = false;
  static constexpr base::Nanoseconds default_deadline = std::chrono::minutes(5);
  base::Nanoseconds deadline = default_deadline;

  void declare(CLI::App& app);
  /// The moment of --start-at. Throws base::Error.
  [[nodiscard]] std::optional<base::WallTime> check(base::WallTime now) const;
};

}  // namespace k8scale::subcommands
