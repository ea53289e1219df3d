#pragma once
#include <optional>
#include <string>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"
#include "k8scale/kube/configuration.h"

namespace k8scale::kube {

/// What an exec plugin gave (client.authentication.k8s.io, kind ExecCredential).
struct ExecCredential {
  std::string token;            ///< a secret
  std::string certificate_pem;  ///< with its key, or empty
  std::string key_pem;          ///< a secret
  std::optional<base::WallTime> expires;
};

/// Runs the plugin and reads what it prints; blocks for up to `time_limit`, then ends it. A failure says what
/// is wrong and, when the program is missing, how the kubeconfig says to install it.
[[nodiscard]] base::Result<ExecCredential> run_exec_plugin(
    const ExecPlugin& plugin, const Configuration& configuration,
    base::Nanoseconds time_limit = std::chrono::seconds(60));

/// Reads an ExecCredential from JSON.
[[nodiscard]] base::Result<ExecCredential> parse_exec_credential(const std::string& text,
                                                                 const std::string& api_version);

}  // namespace k8scale::kube
