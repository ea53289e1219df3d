// Which servers a driver goes to.
#include <future>

#include "driver.h"

namespace k8scale::subcommands {

// The first that can be reached stands for them wherever one server is asked.
void Driver::use_listed_servers() {
  ChosenServers listed =
      listed_servers(flags_.server_list, cluster_.configuration, *start_shard_, credentials_);
  servers_ = std::move(listed.servers);
  reachable_ = std::move(listed.reachable);
  cluster_.configuration = servers_[reachable_.empty() ? 0 : reachable_.front()];
}

void Driver::choose_servers(const DriverPlan& plan) {
  if (plan.endpoints) {
    ChosenServers found =
        service_servers(*plan.endpoints, cluster_.configuration, *start_shard_, *start_client_, credentials_);
    servers_ = std::move(found.servers);
    reachable_ = std::move(found.reachable);
  } else if (servers_.empty()) {
    servers_ = {cluster_.configuration};
  }
}

std::vector<std::string> Driver::server_urls() const {
  std::vector<std::string> urls;
  urls.reserve(servers_.size());
  for (const kube::Configuration& each : servers_) urls.push_back(each.server.url() + each.path_prefix);
  return urls;
}

// At the same time: a server that nobody answers for takes seconds.
void Driver::prepare_shards(const DriverPlan& plan) {
  std::vector<std::future<void>> ready;
  ready.reserve(shards_.size());
  for (const auto& each : shards_) {
    DriverShard& shard = *each;
    ready.push_back(std::async(std::launch::async,
                               [&shard, count = connections_of_shard(plan)] { shard.prepare(count); }));
  }
  for (std::future<void>& each : ready) each.get();
}

}  // namespace k8scale::subcommands
