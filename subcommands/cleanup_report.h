#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/load/cleanup.h"

namespace k8scale::subcommands {

/// What became of one kind of objects.
struct CleanedResource {
  std::string resource;  ///< "configmaps", "flunders.wardle.example.com"
  load::CleanupResult result;
};

/// What a clean-up did.
struct CleanupReport {
  std::string server;
  std::string server_version;
  std::string run_id;      ///< empty: all runs
  std::string namespaces;  ///< comma-separated; empty: all
  bool dry_run = false;
  base::WallTime started;
  base::WallTime ended;
  base::Nanoseconds duration{0};
  std::string interrupted;  ///< by which signal; empty: by none
  std::vector<CleanedResource> resources;

  [[nodiscard]] std::uint64_t removed() const;
  [[nodiscard]] std::uint64_t left() const;
  /// Whether all that was left is known.
  [[nodiscard]] bool is_certain() const;
};

/// For people; with `dry_run` first a line for each object that would go.
void print_text(std::ostream& out, const CleanupReport& report);
[[nodiscard]] nlohmann::ordered_json to_json(const CleanupReport& report);

}  // namespace k8scale::subcommands
