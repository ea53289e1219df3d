#include "driver_namespace.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/kube/configuration.h"
#include "k8scale/kube/metadata_list.h"

namespace k8scale::subcommands {
namespace {

const kube::Collection& all_namespaces() {
  static const kube::Collection namespaces(kube::namespaces(), "");
  return namespaces;
}

constexpr auto longest_termination = std::chrono::seconds(60);
constexpr auto termination_look_period = std::chrono::milliseconds(200);

std::string text_of(std::string_view name, const std::string& run_id) {
  const std::size_t equals = label_selector.find('=');
  const nlohmann::json text = {
      {"kind", "Namespace"},
      {"apiVersion", "v1"},
      {"metadata",
       {{"name", name},
        {"labels", {{std::string(label_selector.substr(0, equals)), label_selector.substr(equals + 1)}}},
        {"annotations", {{std::string(run_annotation), run_id}}}}}};
  return text.dump();
}

bool make(net::Shard& shard, kube::Client& client, std::string_view name, const std::string& run_id) {
  const kube::AttemptObserver nobody;
  std::string body = text_of(name, run_id);
  const kube::Answer made = shard.run(client.create(all_namespaces(), name, std::move(body), "", nobody));
  const bool there_already = made.http_status == 409;
  if (!made.ok() && !there_already) throw base::Error(fmt::format("namespace {}: {}", name, made.error()));
  return made.ok();
}

bool is_being_deleted(const kube::Answer& found) {
  const auto metadata = found.ok() ? kube::parse_metadata(found.body) : std::nullopt;
  return metadata && metadata->being_deleted;
}

// As it is now, or as it is when it is no longer being deleted.
kube::Answer find_namespace(net::Shard& shard, kube::Client& client, std::string_view name,
                            const std::function<bool()>& stopped) {
  const kube::AttemptObserver nobody;
  const auto end = std::chrono::steady_clock::now() + longest_termination;
  bool told = false;
  for (;;) {
    kube::Answer found = shard.run(client.get(all_namespaces(), name, nobody));
    if (!is_being_deleted(found) || stopped()) return found;
    if (std::chrono::steady_clock::now() >= end) {
      throw base::Error(
          fmt::format("{}: namespace {} is being deleted, and was not gone after {}; see its status",
                      client.server(), name, base::format_duration(longest_termination)),
          kube::configuration_exit_code);
    }
    if (!told) base::log_info(fmt::format("namespace {} is being deleted: waiting until it is gone", name));
    told = true;
    std::this_thread::sleep_for(termination_look_period);
  }
}

}  // namespace

bool check_namespace(net::Shard& shard, kube::Client& client, std::string_view name, MissingNamespace missing,
                     const std::string& run_id, const std::function<bool()>& stopped) {
  const kube::Answer found = find_namespace(shard, client, name, stopped);
  if (found.http_status == 401) {
    throw base::Error(
        fmt::format("{}: the server refuses the credentials; check the user in the kubeconfig: {}",
                    client.server(), found.error()),
        kube::configuration_exit_code);
  }
  if (found.http_status != 404) return false;
  if (missing == MissingNamespace::make) return make(shard, client, name, run_id);
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
