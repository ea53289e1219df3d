#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/apiserver/fault.h"
#include "k8scale/base/error.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/resource.h"
#include "k8scale/measure/report.h"
#include "k8scale/net/certificate.h"
#include "k8scale/net/server.h"
#include "k8scale/net/task.h"

/// A Kubernetes API server in memory, over TLS, for trials, tests and calibration.
namespace k8scale::apiserver {

struct Config {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                 ///< 0: any
  std::vector<kube::Resource> resources;  ///< beside the built-in ones
  std::vector<std::string> namespaces;    ///< beside those of every cluster; a repeated one is one
  std::vector<Fault> faults;
  std::size_t max_in_flight = 0;  ///< requests for objects at a time, 429 beyond; 0: no limit
  std::size_t watch_window = 0;   ///< past events that are kept; 0: 100,000 that take up to 16 MiB
  /// Asked first about each request: what answers it, or nothing when it is for the Kubernetes API. May be
  /// null.
  std::function<std::optional<net::Task<void>>(const net::ServerRequest&, net::Responder&)> beside;
  bool log_requests = false;  ///< tell the log of each request when it has ended
  std::uint64_t seed = 0;     ///< of uids, generated names and faults; 0: from the system
  /// Folder that keeps the certificate authority and the administrator's token and certificate, which are
  /// made there when there are none; empty: new ones at each start.
  std::filesystem::path identity;
};

/// Reads `group/version/plural=Kind` or, for the core group, `version/plural=Kind`; namespaced. Throws
/// base::Error.
[[nodiscard]] kube::Resource parse_resource(const std::string& text);

/// The name of a namespace, if it may be one. Throws base::Error.
[[nodiscard]] std::string parse_namespace(const std::string& text);

/// The address cannot be listened on.
class ListenError : public base::Error {
 public:
  using base::Error::Error;
};

/// Runs on a thread of its own. All members belong to the thread that started it.
class EmbeddedServer {
 public:
  /// Throws ListenError, or base::Error when it cannot use its identity.
  [[nodiscard]] static std::unique_ptr<EmbeddedServer> start(Config config);
  /// Stops.
  ~EmbeddedServer();

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] const std::string& ca_pem() const;
  /// Of the administrator; a secret.
  [[nodiscard]] const std::string& token() const;
  /// Of the administrator.
  [[nodiscard]] const net::CertificateAndKey& client_certificate() const;
  /// A kubeconfig with CA, token and client certificate; a secret.
  [[nodiscard]] std::string kubeconfig() const;
  /// Whether it reads and writes objects of a resource in protobuf.
  [[nodiscard]] bool has_protobuf(const kube::Resource& resource) const;
  /// What each rule of Config::faults did so far.
  [[nodiscard]] std::vector<measure::FaultCount> fault_counts() const;
  /// CPU time of its thread.
  [[nodiscard]] base::Nanoseconds cpu_time() const;

  /// Lets running requests end, for up to `grace`.
  void stop(base::Nanoseconds grace);

  struct State;

 private:
  explicit EmbeddedServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace k8scale::apiserver
