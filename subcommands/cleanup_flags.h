#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cluster_flags.h"
#include "k8scale/base/time.h"
#include "k8scale/measure/progress.h"

namespace k8scale::subcommands {

/// The flags of cleanup.
struct CleanupFlags {
  std::string run_id;
  bool all = false;
  std::vector<std::string> resources;
  std::string namespaces;  ///< comma-separated; empty: all
  bool dry_run = false;
  std::uint64_t concurrency = 16;
  std::string json;
  ClusterFlags cluster;
  base::Nanoseconds settle = std::chrono::seconds(1);  ///< 0: does not look again
  base::Nanoseconds grace = std::chrono::seconds(30);
  std::string progress = "auto";
  int verbosity = 0;

  void declare(CLI::App& app);
  /// How to tell the progress. Throws base::Error.
  [[nodiscard]] measure::ProgressStyle check() const;
};

}  // namespace k8scale::subcommands
