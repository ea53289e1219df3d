#include "k8scale/kube/tls_advice.h"

#include <fmt/format.h>

namespace k8scale::kube {

std::string tls_advice(const Configuration& configuration, std::string_view detail) {
  const auto says = [detail](std::string_view words) { return detail.find(words) != std::string_view::npos; };
  if (says("mismatch")) {
    return fmt::format("set tls-server-name in {}, or use a name that the certificate carries",
                       configuration.source);
  }
  if (says("expired") || says("not yet valid")) {
    return "compare the clocks of both hosts, or renew the server's certificate";
  }
  if (!says("not trusted")) {
    return fmt::format(
        "check the server's URL in {}: expected a server that speaks TLS there, and nothing on the way",
        configuration.server_source);
  }
  if (configuration.ca.pem.empty()) {
    return "use a kubeconfig whose certificate-authority signed the server's certificate: none is configured";
  }
  return fmt::format("put the authority that signed the server's certificate in place of {}",
                     configuration.ca.origin);
}

}  // namespace k8scale::kube
