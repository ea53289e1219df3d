#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"

/// The namespaces that a run writes to.
namespace k8scale::load {

/// What to do about a namespace that is missing.
enum class MissingNamespace { refuse, make };

/// The annotation of a namespace that a run made: the run ID.
inline constexpr std::string_view run_annotation = "scaletest/run";

struct NamespaceCheck {
  MissingNamespace missing = MissingNamespace::refuse;
  std::string run_id;
  std::string kubectl = "kubectl";  ///< how people talk to that server
  std::function<bool()> stopped;    ///< whether to wait no longer; may be null
  base::Nanoseconds longest_termination = std::chrono::seconds(60);
  base::Nanoseconds look_period = std::chrono::milliseconds(200);
};

/// The namespace is there afterwards; true when it was made, with label purpose=scaletest and
/// `run_annotation`. One that is being deleted is missing as soon as it is gone, which is waited for. Who may
/// not look goes on, and so does the caller when `stopped`. Throws base::Error with exit code 20 when it is
/// missing, is not gone after `longest_termination`, or the credentials are refused.
[[nodiscard]] bool check_namespace(net::Shard& shard, kube::Client& client, std::string_view name,
                                   const NamespaceCheck& check);

/// A namespace that its run did not delete, and why.
struct KeptNamespace {
  std::string name;
  std::string why;
};

/// Asks the server to delete namespaces that a run made, but for those that `what_holds_namespace` keeps, or
/// whose turn does not come before `until`. Returns these. Objects that are called like the run's go with
/// them. What is passed by reference must outlive the call.
[[nodiscard]] net::Task<std::vector<KeptNamespace>> remove_namespaces(net::Shard& shard, kube::Client& client,
                                                                      const std::vector<std::string>& names,
                                                                      const std::string& run_id,
                                                                      base::SteadyTime until);

}  // namespace k8scale::load
