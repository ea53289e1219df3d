#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "k8scale/apiserver/server.h"
#include "k8scale/kube/configuration.h"

namespace k8scale::subcommands {

/// The flags of everything that talks to an API server: which one, and as whom.
struct ClusterFlags {
  std::string kubeconfig;
  std::string context;
  std::string server;
  std::string server_flag = "--server";  ///< that `server` is from, for errors
  std::string embedded_flag;             ///< that `embedded` is from, once `declare` has declared it
  bool embedded = false;
  std::vector<std::string> faults;
  std::uint64_t max_inflight = 0;
  std::uint64_t watch_window = 0;

  /// Those that name a server elsewhere. `server_names` are the names of the flag for its URL.
  void declare_server(CLI::App& app, const std::string& server_names = "--server");
  /// These, and those about the built-in server.
  void declare(CLI::App& app, const std::string& server_names = "--server");
};

/// What -v says in the help of all that talk to an API server.
inline constexpr const char* verbosity_help =
    "verbosity of the log: 2 tells the configuration, 4 connections and retries, 6 requests";

/// The API server that the flags name, and when it is the built-in one, that server running.
struct Cluster {
  std::unique_ptr<apiserver::EmbeddedServer> embedded;
  kube::Configuration configuration;

  /// What the rules of --fault did so far.
  [[nodiscard]] std::vector<measure::FaultCount> fault_counts() const {
    return embedded ? embedded->fault_counts() : std::vector<measure::FaultCount>();
  }
};

/// Reads the configuration, or starts the built-in server. `first_of_list` is the first URL of --server-list.
/// Throws base::Error.
[[nodiscard]] Cluster open_cluster(const ClusterFlags& flags, const std::string& first_of_list = {});

}  // namespace k8scale::subcommands
