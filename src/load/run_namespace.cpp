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
#include "k8scale/net/wait.h"

namespace k8scale::load {
namespace {

constexpr std::size_t removed_at_a_time = 16;

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

struct Removal {
  kube::Client& client;
  const std::vector<std::string>& names;
  const std::string& run_id;
  base::SteadyTime until;
  kube::ServedResources served;
  std::size_t next = 0;
  std::vector<KeptNamespace> kept;
};

net::Task<std::string> remove_one(Removal& removal, const std::string& name) {
  if (std::chrono::steady_clock::now() >= removal.until) {
    co_return std::string("there was no time left to look what is in it");
  }
  const std::function<bool(std::string_view)> is_ours = [&](std::string_view object) {
    return is_name_of_run(object, removal.run_id);
  };
  std::string why = co_await what_holds_namespace(removal.client, removal.served, name, is_ours);
  if (!why.empty()) co_return why;
  const kube::AttemptObserver nobody;
  std::string options;
  const kube::Answer removed =
      co_await removal.client.remove(all_namespaces(), name, std::move(options), nobody);
  const bool gone = removed.ok() || removed.not_found();
  co_return gone ? std::string() : removed.error();
}

net::Task<void> remove_some(Removal& removal) {
  while (removal.next < removal.names.size()) {
    const std::string& name = removal.names[removal.next++];
    std::string why = co_await remove_one(removal, name);
    if (!why.empty()) removal.kept.push_back({name, std::move(why)});
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

net::Task<std::vector<KeptNamespace>> remove_namespaces(net::Shard& shard, kube::Client& client,
                                                        const std::vector<std::string>& names,
                                                        const std::string& run_id, base::SteadyTime until) {
  kube::ServedResources served = co_await kube::served_resources(client);
  Removal removal{client, names, run_id, until, std::move(served), 0, {}};
  net::TaskGroup workers(shard);
  for (std::size_t i = 0; i < std::min(names.size(), removed_at_a_time); ++i) {
    workers.spawn(remove_some(removal));
  }
  co_await workers.wait_until_done();
  co_return std::move(removal.kept);
}

}  // namespace k8scale::load
