#include "driver_namespace.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/kube/configuration.h"

namespace k8scale::subcommands {
namespace {

const kube::Collection& all_namespaces() {
  static const kube::Collection namespaces(kube::namespaces(), "");
  return namespaces;
}

bool make(net::Shard& shard, kube::Client& client, std::string_view name) {
  const kube::AttemptObserver nobody;
  std::string body =
      fmt::format(R"({{"kind":"Namespace","apiVersion":"v1","metadata":{{"name":"{}"}}}})", name);
  const kube::Answer made = shard.run(client.create(all_namespaces(), name, std::move(body), "", nobody));
  const bool there_already = made.http_status == 409;
  if (!made.ok() && !there_already) throw base::Error(fmt::format("namespace {}: {}", name, made.error()));
  return made.ok();
}

}  // namespace

bool check_namespace(net::Shard& shard, kube::Client& client, std::string_view name,
                     MissingNamespace missing) {
  const kube::AttemptObserver nobody;
  const kube::Answer found = shard.run(client.get(all_namespaces(), name, nobody));
  if (found.http_status == 401) {
    throw base::Error(
        fmt::format("{}: the server refuses the credentials; check the user in the kubeconfig: {}",
                    client.server(), found.error()),
        kube::configuration_exit_code);
  }
  if (found.http_status != 404) return false;
  if (missing == MissingNamespace::make) return make(shard, client, name);
  throw base::Error(fmt::format("{} has no namespace {}; make it: kubectl create namespace {}",
                                client.server(), name, name),
                    kube::configuration_exit_code);
}

void remove_namespace(net::Shard& shard, kube::Client& client, std::string_view name) {
  const kube::AttemptObserver nobody;
  const kube::Answer removed = shard.run(client.remove(all_namespaces(), name, "", nobody));
  const bool gone = removed.ok() || removed.http_status == 404;
  if (!gone) base::log_warning(fmt::format("namespace {}: cannot be deleted: {}", name, removed.error()));
}

}  // namespace k8scale::subcommands
