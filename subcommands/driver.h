#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cluster_flags.h"
#include "driver_flags.h"
#include "driver_servers.h"
#include "driver_shard.h"
#include "k8scale/base/stop_signals.h"
#include "k8scale/kube/protobuf_form.h"
#include "k8scale/load/parameter_file.h"
#include "k8scale/load/run.h"
#include "k8scale/load/run_namespace.h"
#include "k8scale/load/write_observer.h"
#include "k8scale/measure/csv.h"
#include "k8scale/measure/summary.h"
#include "latest.h"
#include "metrics_endpoint.h"
#include "start_gate.h"

namespace k8scale::subcommands {

/// For every driver's --help.
extern const std::string_view driver_exit_codes;
/// Besides, for those of drivers that look for endpoints.
extern const std::string_view endpoints_exit_text;

/// What makes one driver different from another.
struct DriverPlan {
  std::shared_ptr<const load::ObjectFamily> family;
  DriverShard::MakeLoop make_loop;
  /// Of service default/kubernetes, that the run goes to: so many of the first, 0 for all; nothing: none, but
  /// the configured server, or what --server-list names.
  std::optional<std::uint64_t> endpoints;
  std::optional<measure::Verb> paced;  ///< whose rate is asked for; nothing: of all verbs
  std::optional<double> asked_rate;    ///< per second, on average; nothing: as fast as it goes
  std::uint64_t workers = 0;           ///< that share `asked_rate` evenly; 0: the parts do
  double connections = 4;              ///< to open before the run, of all shards together
  bool creates_namespaces = false;     ///< those that are missing, also when the server is not our own
  bool keeps_objects = false;          ///< after the run
  std::function<bool(std::uint64_t number)> owns;  ///< null: whether this part's lane takes the number
  nlohmann::ordered_json summary_parameters;
  std::function<load::Parameters(const std::vector<kube::Configuration>& servers)> parameters;
  std::function<void(const load::RunResult&)> closing;  ///< may be null: before the summary
  /// May be null: warnings besides the usual ones.
  std::function<std::vector<std::string>(std::span<const std::unique_ptr<DriverShard>> shards)> notes;
};

/// A driver's run and what it needs, in the order in which it is made.
class Driver {
 public:
  Driver(std::string subcommand, const DriverFlags& flags, DriverSettings settings);

  /// Asks the server for its version. Before any file is written.
  void connect();
  /// After `connect`: to look at what the server has.
  [[nodiscard]] net::Shard& start_shard() { return *start_shard_; }
  [[nodiscard]] kube::Client& start_client() { return *start_client_; }

  /// After `connect`: what objects of `resource` are written in. Protobuf when -useProtobuf is given and the
  /// server has a protobuf form of them, which it is asked about in a namespace of the run; that it has none
  /// is logged. Throws base::Error (kube::configuration_exit_code) when the server does not say.
  [[nodiscard]] kube::Encoding encoding_of(const kube::Resource& resource, std::string_view in_namespace);

  /// Returns the exit code.
  [[nodiscard]] int run(const DriverPlan& plan);

  [[nodiscard]] const DriverSettings& settings() const { return settings_; }

 private:
  [[nodiscard]] kube::ProtobufForm protobuf_form_of(const kube::Collection& collection);
  [[nodiscard]] nlohmann::ordered_json summary_parameters(const DriverPlan& plan) const;
  [[nodiscard]] std::unique_ptr<kube::Client> make_side_client(const kube::Configuration& server);
  void use_listed_servers();
  void choose_servers(const DriverPlan& plan);
  [[nodiscard]] std::vector<std::string> server_urls() const;
  void prepare_shards(const DriverPlan& plan);
  void start(const DriverPlan& plan);
  [[nodiscard]] std::string how_to_clean_up(const DriverPlan& plan) const;
  void handle_start_signal(int signal);
  void unlink_files() const;
  void remove_files();
  [[nodiscard]] load::NamespaceCheck namespace_check() const;
  void make_namespaces(const DriverPlan& plan, kube::Client& client, load::NamespaceCheck check);
  void make_namespaces_on_others(const DriverPlan& plan);
  void open_files(const DriverPlan& plan);
  void observe(const DriverPlan& plan);
  void make_shards(const DriverPlan& plan);
  void prepare(const DriverPlan& plan);
  void make_gate(const DriverPlan& plan);
  void hold_back(const DriverPlan& plan);
  void remove_what_was_prepared(const DriverPlan& plan);
  [[nodiscard]] std::size_t connections_of_shard(const DriverPlan& plan) const;
  [[nodiscard]] load::RunResult drive(const DriverPlan& plan);
  [[nodiscard]] measure::Summary summarize(const DriverPlan& plan, const load::RunResult& result);
  void add_notes(const DriverPlan& plan, const load::RunResult& result, measure::Summary& summary);
  void say_part(const load::RunResult& result, measure::Summary& summary) const;
  [[nodiscard]] std::string say_left(const DriverPlan& plan) const;
  [[nodiscard]] double asked_rate_of_part(const DriverPlan& plan) const;
  void check_storing(const DriverPlan& plan);
  [[nodiscard]] bool store(const measure::Summary& summary);
  [[nodiscard]] int report(const DriverPlan& plan, const load::RunResult& result);
  [[nodiscard]] int report_and_leave(const DriverPlan& plan, const load::RunResult& result);
  void remove_namespaces();
  void wait_before_end();

  // What /metrics shows.
  struct Shown {
    measure::Snapshot snapshot;
    measure::Pace pace;
    std::vector<std::string> servers;
  };

  struct MadeNamespace {
    kube::Client& client;
    std::string name;
  };

  std::string subcommand_;
  const DriverFlags& flags_;
  DriverSettings settings_;
  base::StopSignals signals_;
  std::atomic<bool> makes_namespaces_ = false;
  std::atomic<int> start_signal_ = 0;                // that came before the run began; 0: none did
  std::atomic<bool> late_signal_ = false;            // one came after the run
  std::optional<base::WatchedSignals> start_guard_;  // until files are there
  std::vector<std::filesystem::path> made_files_;
  Latest<Shown> shown_;
  MetricsEndpoint metrics_;
  Cluster cluster_;
  std::shared_ptr<kube::Credentials> credentials_;
  kube::ClientOptions client_options_;
  std::unique_ptr<net::Shard> start_shard_;
  std::unique_ptr<kube::Client> start_client_;
  std::unique_ptr<kube::Client> side_client_;  // for meeting and storing, which try again by themselves
  std::unique_ptr<StartGate> gate_;            // when the run does not begin at once
  std::string server_version_;
  std::string no_protobuf_;  // why JSON is written in its place; empty: it is not
  std::vector<kube::Configuration> servers_;
  std::vector<std::size_t> reachable_;                        // of these, before the run
  std::vector<std::unique_ptr<kube::Client>> other_clients_;  // of those that the start client is not of
  std::vector<MadeNamespace> made_namespaces_;
  std::unique_ptr<measure::OperationLog> log_;
  std::unique_ptr<measure::SeenLog> seen_log_;
  std::unique_ptr<load::WriteObserver> observer_;
  std::vector<std::unique_ptr<DriverShard>> shards_;
  std::optional<net::StopFirst> stop_start_shard_first_;
};

}  // namespace k8scale::subcommands
