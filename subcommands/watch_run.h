#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "invocation.h"
#include "observe_flags.h"

namespace k8scale::subcommands {

/// The flags of all watchers.
struct WatchFlags {
  ObserveFlags observe;
  std::string namespace_name;  ///< empty: all
  std::uint64_t watches = 1;
  std::uint64_t shards = 1;

  void declare(CLI::App& app);
  /// Throws base::Error.
  void check() const;
};

/// What makes one watcher differ from another.
struct WatcherKind {
  std::string subcommand;
  std::string summary;   ///< of what it does
  std::string resource;  ///< by default; empty: Flunders
  std::string user_agent;
};

/// Parses the arguments and runs until the flags, a failure or a signal end it; the exit code.
[[nodiscard]] int run_watcher(const WatcherKind& kind, const Invocation& invocation);

}  // namespace k8scale::subcommands
