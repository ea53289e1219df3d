#include "variables.h"

#include <algorithm>
#include <array>

namespace k8scale::subcommands {

std::span<const Variable> variables() {
  static constexpr std::array table = {
      Variable{"KUBECONFIG", "kubeconfig",
               "kubeconfig files, with colons between them, where no --kubeconfig is given"},
      Variable{"HOME", "kubeconfig", "where .kube/config is looked for, when there is no KUBECONFIG either"},
      Variable{"KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT", "kubeconfig",
               "the API server as a pod sees it, when there is no kubeconfig at all"},
      Variable{"K8SCALE_SERVICEACCOUNT_DIR", "kubeconfig",
               "folder with a pod's token, ca.crt and namespace, instead of "
               "/var/run/secrets/kubernetes.io/serviceaccount"},
      Variable{"HTTPS_PROXY HTTP_PROXY NO_PROXY", "kubeconfig",
               "proxy to the API server, and the hosts that need none; in small letters too"},
      Variable{"SSL_CERT_FILE SSL_CERT_DIR", "kubeconfig",
               "certificate authorities, where the kubeconfig names none"},
      Variable{"JOB_COMPLETION_INDEX K8SCALE_PARTS", "part",
               "which part of a run this is, counted from 0, and of how many, for --part=auto"},
      Variable{"K8SCALE_JOB_NAME K8SCALE_JOB_UID", "part",
               "the Job to which the ConfigMaps of --start-together and --store-summary belong"},
      Variable{"TMPDIR", "base-url", "folder of the TLS keys, instead of /tmp"},
      Variable{"SSLKEYLOGFILE", "base-url", "another file for the TLS keys"}};
  return table;
}

bool is_read(const Variable& variable, const FlagTable& table) {
  return std::ranges::any_of(table.flags, [&](const Flag& flag) {
    return std::ranges::find(flag.names, variable.flag) != flag.names.end();
  });
}

}  // namespace k8scale::subcommands
