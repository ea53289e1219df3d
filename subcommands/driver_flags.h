#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "cluster_flags.h"
#include "k8scale/base/time.h"
#include "k8scale/load/lane.h"
#include "k8scale/load/run_object.h"
#include "k8scale/load/server_set.h"
#include "k8scale/measure/progress.h"
#include "start_flags.h"

namespace k8scale::subcommands {

/// The flags of all drivers.
struct DriverFlags {
  ClusterFlags cluster;
  std::string run_id;  ///< empty: made from the date
  std::uint64_t seed = 0;
  std::string data_file = "{{.RunID}}-driver.csv";
  std::string metric_port;                   ///< empty: 9376 if it is free
  std::uint64_t wait_before_terminate = 15;  ///< s
  std::uint64_t shards = 1;
  std::string part = "1/1";
  StartFlags start;
  bool store_summary = false;
  std::string progress = "auto";
  base::Nanoseconds grace = std::chrono::seconds(30);
  base::Nanoseconds request_timeout = std::chrono::seconds(65);
  int retries = 10;
  std::size_t connections = 4096;
  std::string server_list;  ///< URLs, comma-separated
  std::string balance;      ///< empty: what the driver's original did
  bool use_protobuf = false;
  std::uint64_t observe = 0;  ///< watchers of what the run writes
  std::string debug_from = "loopback";
  int verbosity = 0;

  void declare(CLI::App& app);
  /// What the summary says of them, flag to value.
  [[nodiscard]] nlohmann::ordered_json summary_parameters() const;
};

/// What the flags of a driver come to.
struct DriverSettings {
  std::string run_id;
  std::uint64_t seed = 0;  ///< not 0
  std::filesystem::path data_file;
  std::filesystem::path parameter_file;
  std::filesystem::path summary_file;
  std::filesystem::path seen_file;
  load::Part part;
  std::optional<base::WallTime> start_at;
  std::optional<load::JobOwner> job;  ///< that this is a pod of, when it puts something on the server
  load::Balance balance = load::Balance::random;
  measure::ProgressStyle progress = measure::ProgressStyle::automatic;
};

/// Checks the flags as far as they say what they mean without the environment of a run: a part may be auto.
/// Throws base::Error with the documented exit code.
void check_driver_flags(const DriverFlags& flags, std::size_t name_suffix);
/// Checks the flags and fills in what was left open; names of objects have `name_suffix` characters behind
/// the run ID. Throws base::Error with the documented exit code.
[[nodiscard]] DriverSettings settings_of(const DriverFlags& flags, std::size_t name_suffix);

}  // namespace k8scale::subcommands
