#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "invocation.h"
#include "k8scale/observe/dequeue.h"
#include "observe_flags.h"

namespace k8scale::subcommands {

/// The flags of all loggers.
struct LoggerFlags {
  ObserveFlags observe;
  std::string data_file = "/tmp/obj-log.csv";
  std::uint64_t threads = 1;
  bool final_list = false;
  bool no_compare = false;  ///< declared by those with a tenth column

  void declare(CLI::App& app);
  /// Throws base::Error.
  void check() const;
};

/// What makes one logger differ from another.
struct LoggerKind {
  std::string subcommand;
  std::string user_agent;
  observe::Columns columns = observe::Columns::ten;
  bool verify_server = true;
};

/// Reads them into `app`, whose options fill `flags`. Nothing when to go on, else the exit code.
[[nodiscard]] std::optional<int> parse_logger(CLI::App& app, const Invocation& invocation,
                                              const LoggerFlags& flags);

/// Runs until the flags or a signal end it; the exit code.
[[nodiscard]] int run_logger(const LoggerFlags& flags, const LoggerKind& kind);

}  // namespace k8scale::subcommands
