#pragma once
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "cluster_flags.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/reflector.h"

namespace k8scale::subcommands {

/// What an empty --resource means.
enum class Unnamed { refused, flunders };

/// The flags of all that watch: loggers and watchers.
struct ObserveFlags {
  ClusterFlags cluster;
  bool use_protobuf = false;
  bool gzip = false;
  bool metadata_only = false;
  std::string resource;  ///< "configmaps" as group/version/plural, or version/plural for the core group
  Unnamed unnamed = Unnamed::refused;
  std::string metric_port = default_metric_port;
  base::Nanoseconds run_for{0};     ///< 0: until something else ends it
  base::Nanoseconds until_idle{0};  ///< 0: the same
  bool summary = false;
  std::string summary_file;  ///< empty: none
  std::string debug_from = "loopback";
  int verbosity = 0;

  static constexpr const char* default_metric_port = "9101";

  /// `resource` has its default already, and `unnamed` its value.
  void declare(CLI::App& app);
  /// Throws base::Error.
  void check() const;
  [[nodiscard]] kube::ReflectorOptions reflector_options() const;
  /// For the summary.
  [[nodiscard]] nlohmann::ordered_json parameters() const;
};

/// Reads `--resource`. The kind is left empty. Throws base::Error.
[[nodiscard]] kube::Resource parse_resource(const std::string& text);
/// The same backwards.
[[nodiscard]] std::string resource_text(const kube::Resource& resource);

}  // namespace k8scale::subcommands
