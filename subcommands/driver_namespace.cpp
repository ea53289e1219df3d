#include "driver_namespace.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"
#include "k8scale/kube/configuration.h"

namespace k8scale::subcommands {

void check_namespace(net::Shard& shard, kube::Client& client, bool embedded) {
  const kube::Collection namespaces(kube::namespaces(), "");
  const kube::AttemptObserver nobody;
  if (embedded) {
    std::string body =
        fmt::format(R"({{"kind":"Namespace","apiVersion":"v1","metadata":{{"name":"{}"}}}})", namespace_name);
    const kube::Answer made =
        shard.run(client.create(namespaces, namespace_name, std::move(body), "", nobody));
    if (!made.ok()) throw base::Error(fmt::format("namespace {}: {}", namespace_name, made.error()));
    return;
  }
  const kube::Answer found = shard.run(client.get(namespaces, namespace_name, nobody));
  if (found.http_status == 401) {
    throw base::Error(
        fmt::format("{}: the server refuses the credentials; check the user in the kubeconfig: {}",
                    client.server(), found.error()),
        kube::configuration_exit_code);
  }
  if (found.http_status != 404) return;
  throw base::Error(fmt::format("{} has no namespace {}; make it: kubectl create namespace {}",
                                client.server(), namespace_name, namespace_name));
}

}  // namespace k8scale::subcommands
