// The namespaces of a run, on each of its servers.
#include <fmt/format.h>

#include "driver.h"
#include "k8scale/base/log.h"

namespace k8scale::subcommands {

load::NamespaceCheck Driver::namespace_check() const {
  load::NamespaceCheck check;
  check.run_id = settings_.run_id;
  check.stopped = [this] { return start_signal_ != 0; };
  return check;
}

void Driver::make_namespaces(const DriverPlan& plan, kube::Client& client, load::NamespaceCheck check) {
  const bool may_make = cluster_.embedded != nullptr || plan.creates_namespaces;
  if (may_make) check.missing = load::MissingNamespace::make;
  makes_namespaces_ = may_make;
  for (const std::string& name : plan.family->namespaces) {
    if (start_signal_ != 0) break;
    const bool made = load::check_namespace(*start_shard_, client, name, check);
    if (made) made_namespaces_.push_back({client, name});
  }
  makes_namespaces_ = false;
}

// They may keep what they have apart from one another. One that cannot be reached now has to have them by
// itself.
void Driver::make_namespaces_on_others(const DriverPlan& plan) {
  const std::string asked = cluster_.configuration.server.url() + cluster_.configuration.path_prefix;
  const std::vector<std::string> urls = server_urls();
  for (const std::size_t each : reachable_) {
    if (urls[each] == asked) continue;
    other_clients_.push_back(make_side_client(servers_[each]));
    load::NamespaceCheck check = namespace_check();
    check.kubectl += " --server " + urls[each];
    make_namespaces(plan, *other_clients_.back(), std::move(check));
  }
}

// Those that were there before stay, and those that others use by now.
void Driver::remove_namespaces() {
  if (cluster_.embedded || settings_.part.count > 1) return;  // the other parts may still use them
  for (std::size_t i = 0; i < made_namespaces_.size();) {
    kube::Client& client = made_namespaces_[i].client;
    std::vector<std::string> names;
    for (; i < made_namespaces_.size() && &made_namespaces_[i].client == &client; ++i) {
      names.push_back(made_namespaces_[i].name);
    }
    const auto until = std::chrono::steady_clock::now() + flags_.grace;
    const auto kept =
        start_shard_->run(load::remove_namespaces(*start_shard_, client, names, settings_.run_id, until));
    for (const load::KeptNamespace& each : kept) {
      base::log_warning(fmt::format("{}: namespace {} stays: {}", client.server(), each.name, each.why));
    }
  }
}

}  // namespace k8scale::subcommands
