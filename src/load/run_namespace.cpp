#include "k8scale/load/run_namespace.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/kube/configuration.h"
#include "k8scale/kube/metadata_list.h"
#include "k8scale/load/cleanup.h"
#include "k8scale/load/namespace_content.h"

namespace k8scale::load {
namespace {

const kube::Collection& all_namespaces() {
  static const kube::Collection namespaces(kube::namespaces(), "");
  return namespaces;
}

std::string namespace_text(std::string_view name, const std::string& run_id) {
  const nlohmann::json text = {{"kind", "Namespace"},
                               {"apiVersion", "v1"},
                               {"metadata",
                                {{"name", name},
                                 {"labels", {{"purpose", "scaletest"}}},
                                 {"annotations", {{std::string(run_annotation), run_id}}}}}};
  return text.dump();
}

bool make_namespace(net::Shard& shard, kube::Client& client, std::string_view name,
                    const std::string& run_id) {
  const kube::AttemptObserver nobody;
  std::string body = namespace_text(name, run_id);
  const kube::Answer made = shard.run(client.create(all_namespaces(), name, std::move(body), "", nobody));
  if (!made.ok() && !made.conflict()) {
    throw base::Error(fmt::format("{}: namespace {}: {}", client.server(), name, made.error()));
  }
  return made.ok();
}

bool is_terminating(const kube::Answer& found) {
  const auto metadata = found.ok() ? kube::parse_metadata(found.body) : std::nullopt;
  return metadata && metadata->being_deleted;
}

// As it is now, or as it is when it is no longer being deleted.
kube::Answer find_namespace(net::Shard& shard, kube::Client& client, std::string_view name,
                            const NamespaceCheck& check) {
  const kube::AttemptObserver nobody;
  const auto end = std::chrono::steady_clock::now() + check.longest_termination;
  bool told = false;
  for (;;) {
    kube::Answer found = shard.run(client.get(all_namespaces(), name, nobody));
    if (!is_terminating(found) || (check.stopped && check.stopped())) return found;
    if (std::chrono::steady_clock::now() >= end) {
      throw base::Error(
          fmt::format("{}: namespace {} is being deleted, and was not gone after {}; see its status",
                      client.server(), name, base::format_duration(check.longest_termination)),
          kube::configuration_exit_code);
    }
    if (!told) base::log_info(fmt::format("namespace {} is being deleted: waiting until it is gone", name));
    told = true;
    std::this_thread::sleep_for(check.look_period);
  }
}

}  // namespace

bool check_namespace(net::Shard& shard, kube::Client& client, std::string_view name,
                     const NamespaceCheck& check) {
  const kube::Answer found = find_namespace(shard, client, name, check);
  if (found.http_status == 401) {
    throw base::Error(
        fmt::format("{}: the server refuses the credentials; check the user in the kubeconfig: {}",
                    client.server(), found.error()),
        kube::configuration_exit_code);
  }
  if (!found.not_found()) return false;
  if (check.missing == MissingNamespace::make) return make_namespace(shard, client, name, check.run_id);
  throw base::Error(fmt::format("{} has no namespace {}; make it: {} create namespace {}", client.server(),
                                name, check.kubectl, name),
                    kube::configuration_exit_code);
}

net::Task<std::vector<KeptNamespace>> remove_namespaces(kube::Client& client,
                                                        const std::vector<std::string>& names,
                                                        const std::string& run_id) {
  std::vector<KeptNamespace> kept;
  const kube::AttemptObserver nobody;
  const kube::ServedResources served = co_await kube::served_resources(client);
  const std::function<bool(std::string_view)> is_ours = [&](std::string_view object) {
    return is_name_of_run(object, run_id);
  };
  for (const std::string& name : names) {
    std::string why = co_await what_holds_namespace(client, served, name, is_ours);
    if (why.empty()) {
      std::string options;
      const kube::Answer removed = co_await client.remove(all_namespaces(), name, std::move(options), nobody);
      if (removed.ok() || removed.not_found()) continue;
      why = removed.error();
    }
    kept.push_back({name, std::move(why)});
  }
  co_return std::move(kept);
}

}  // namespace k8scale::load
