// Which servers a driver goes to.
#include <fmt/format.h>

#include <future>

#include "driver.h"
#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "k8scale/base/log.h"
#include "k8scale/kube/protobuf_form.h"

namespace k8scale::subcommands {

// The first that can be reached stands for them wherever one server is asked.
void Driver::use_listed_servers() {
  ChosenServers listed =
      listed_servers(flags_.server_list, cluster_.configuration, *start_shard_, credentials_);
  servers_ = std::move(listed.servers);
  reachable_ = std::move(listed.reachable);
  cluster_.configuration = servers_[reachable_.empty() ? 0 : reachable_.front()];
}

kube::Encoding Driver::encoding_of(const kube::Resource& resource) {
  if (!flags_.use_protobuf) return kube::Encoding::json;
  if (resource.is_config_maps()) return kube::Encoding::protobuf;
  kube::ClientOptions options = client_options_;
  options.encoding = kube::Encoding::protobuf;
  kube::Client client(*start_shard_, cluster_.configuration, credentials_, std::move(options));
  const kube::Collection collection(resource, namespace_name);
  const kube::ProtobufForm form = start_shard_->run(kube::find_protobuf_form(client, collection));
  if (form.known == kube::ProtobufForm::Known::yes) return kube::Encoding::protobuf;
  if (form.known == kube::ProtobufForm::Known::unknown) {
    throw base::Error(fmt::format("-useProtobuf: {} does not say whether it has {} in protobuf: {}",
                                  client.server(), collection.qualified(), form.reason),
                      kube::configuration_exit_code);
  }
  base::log_warning(fmt::format("-useProtobuf: {} does not have {} in protobuf, so JSON is written: {}",
                                client.server(), collection.qualified(), form.reason));
  return kube::Encoding::json;
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
