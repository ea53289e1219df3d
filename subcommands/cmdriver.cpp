#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>

#include "driver_flags.h"
#include "driver_shard.h"
#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/base/stop_signals.h"
#include "k8scale/load/config_map.h"
#include "k8scale/load/parameter_file.h"
#include "k8scale/load/run.h"
#include "k8scale/load/run_id.h"
#include "k8scale/measure/summary.h"
#include "metrics_endpoint.h"
#include "tools.h"

namespace k8scale::subcommands {
namespace {

constexpr std::string_view namespace_name = "scaletest";
constexpr int rows_lost_exit_code = 12;
constexpr std::uint64_t most_objects = 1'000'000'000;
// A ConfigMap holds 1 MiB.
constexpr std::uint64_t most_data = 1 << 20;

struct Flags {
  double lambda = 1;
  std::uint64_t n = 300;
  std::uint64_t maxpop = 100;
  std::uint64_t datalen = 2000;
  bool clientlb = false;
  DriverFlags driver;

  [[nodiscard]] base::Nanoseconds lifetime() const {
    return base::from_seconds(static_cast<double>(maxpop) / lambda);
  }
};

void declare(CLI::App& app, Flags& flags) {
  base::add_value(app, "--lambda", flags.lambda, "creations per second, on average");
  base::add_value(app, "--n", flags.n, "objects to create");
  base::add_value(app, "--maxpop", flags.maxpop, "objects that exist at a time: each lives maxpop/lambda seconds");
  base::add_value(app, "--datalen", flags.datalen, "bytes of data in each object");
  base::add_bool(app, "--clientlb", flags.clientlb, "send each request to an endpoint of service default/kubernetes");
  flags.driver.declare(app);
}

void check(const Flags& flags) {
  if (!(flags.lambda > 0) || !std::isfinite(flags.lambda) || flags.lambda > 1e7 || flags.lambda < 1e-6) {
    throw base::Error(fmt::format("-lambda: found {}, expected 0.000001 to 10000000 per second", flags.lambda));
  }
  if (flags.n < 1 || flags.n > most_objects) {
    throw base::Error(fmt::format("-n: found {}, expected 1 to {}", flags.n, most_objects));
  }
  if (flags.maxpop > most_objects) {
    throw base::Error(fmt::format("-maxpop: found {}, expected 0 to {}", flags.maxpop, most_objects));
  }
  if (flags.datalen > most_data) {
    throw base::Error(fmt::format("-datalen: found {}, expected 0 to {} bytes", flags.datalen, most_data));
  }
  if (flags.clientlb) {
    throw base::Error("-clientlb: requests go to one server; expected -clientlb=false, with --server to choose it");
  }
}

load::Parameters parameters_of(const Flags& flags, const DriverSettings& settings) {
  return {{"KUBECONFIG", flags.driver.cluster.kubeconfig},
          {"LAMBDA", flags.lambda},
          {"N", flags.n},
          {"MAXPOP", flags.maxpop},
          {"DATALEN", flags.datalen},
          {"DATEFILENAME", settings.data_file.string()},
          {"RUNID", settings.run_id},
          {"SEED", settings.seed}};
}

nlohmann::ordered_json summary_parameters(const Flags& flags) {
  const DriverFlags& driver = flags.driver;
  return {{"lambda", flags.lambda},       {"n", flags.n},           {"maxpop", flags.maxpop},
          {"datalen", flags.datalen},     {"shards", driver.shards}, {"part", driver.part},
          {"retries", driver.retries},    {"embedded", driver.cluster.embedded}};
}

// Everything of one run, in the order in which it is made.
class Cmdriver {
 public:
  Cmdriver(const Flags& flags, DriverSettings settings);
  int run();

 private:
  void make_shards();
  void check_namespace();
  void open_files();
  void prewarm();
  [[nodiscard]] measure::Summary summarize(const load::RunResult& result);
  [[nodiscard]] int report(const load::RunResult& result);
  void wait_before_end();

  const Flags& flags_;
  DriverSettings settings_;
  base::StopSignals signals_;
  MetricsEndpoint metrics_;
  Cluster cluster_;
  std::unique_ptr<measure::OperationLog> log_;
  std::shared_ptr<kube::Credentials> credentials_;
  std::vector<std::unique_ptr<OpenLoopShard>> shards_;
  std::string server_version_;
};

Cmdriver::Cmdriver(const Flags& flags, DriverSettings settings)
    : flags_(flags),
      settings_(std::move(settings)),
      metrics_(flags.driver.metric_port, flags.driver.metric_port == DriverFlags().metric_port),
      cluster_(open_cluster(flags.driver.cluster)),
      credentials_(kube::Credentials::load(cluster_.configuration)) {}

void Cmdriver::make_shards() {
  kube::ClientOptions options;
  options.user_agent = "scaletest driver";
  options.retries = flags_.driver.retries;
  options.request_timeout = flags_.driver.request_timeout;
  const auto text = std::make_shared<const load::ConfigMapText>(namespace_name, flags_.datalen);
  OpenLoopShard::Parameters parameters;
  parameters.loop = {flags_.lambda, flags_.n, settings_.seed};
  parameters.lifecycle.lifetime = flags_.lifetime();
  parameters.lifecycle.field_manager = "cmdriver";
  parameters.lifecycle.object = [text](std::string_view name, base::WallTime now) { return text->create(name, now); };
  const kube::Collection collection(kube::config_maps(), namespace_name);
  const load::ObjectNames names(settings_.run_id, flags_.n);
  for (std::uint64_t i = 0; i < flags_.driver.shards; ++i) {
    parameters.lane = load::lane_of(settings_.part, i, flags_.driver.shards);
    shards_.push_back(std::make_unique<OpenLoopShard>(static_cast<int>(i), cluster_.configuration, credentials_,
                                                      options, collection, names, parameters, *log_));
  }
}

// The namespace is there, or made when the server is our own. Who may not look goes on.
void Cmdriver::check_namespace() {
  OpenLoopShard& first = *shards_.front();
  const kube::Collection namespaces(kube::namespaces(), "");
  const kube::AttemptObserver nobody;
  if (cluster_.embedded) {
    const std::string body = fmt::format(R"({{"kind":"Namespace","apiVersion":"v1","metadata":{{"name":"{}"}}}})",
                                         namespace_name);
    const kube::Answer made =
        first.shard().run(first.client().create(namespaces, namespace_name, body, "", nobody));
    if (!made.ok()) throw base::Error("namespace scaletest: " + made.error());
    return;
  }
  const kube::Answer found = first.shard().run(first.client().get(namespaces, namespace_name, nobody));
  if (found.http_status == 404) {
    throw base::Error(fmt::format("{} has no namespace {}; make it: kubectl create namespace {}",
                                  first.client().server(), namespace_name, namespace_name));
  }
}
