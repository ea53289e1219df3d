#include "watch_shards.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "k8scale/base/error.h"
#include "k8scale/base/log.h"

namespace k8scale::subcommands {
namespace {

base::Random watch_random(std::uint64_t number) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {static_cast<std::uint64_t>(now.count()) + number, "watch"};
}

kube::ReflectorOptions of_single(kube::ReflectorOptions options) {
  options.after_watch = kube::AfterWatch::list_again;
  options.stream_lists = false;
  options.annotations = observe::Informer::annotations();
  return options;
}

kube::ClientOptions with_connections(kube::ClientOptions options, std::size_t count) {
  options.most_connections = count;
  return options;
}

}  // namespace

SingleWatch::SingleWatch(const WatchParameters& parameters)
    : shard_("watch"),
      client_(shard_, parameters.configuration, parameters.credentials, parameters.client),
      log_([](const std::string& line) { base::log_info(line); }),
      reflector_(shard_, client_, parameters.collection, of_single(parameters.reflector), log_,
                 watch_random(0)) {}

WatchShard::WatchShard(int index, const WatchParameters& parameters, std::size_t watches)
    : shard_(fmt::format("watches {}", index), index),
      client_(shard_, parameters.configuration, parameters.credentials,
              with_connections(parameters.client, watches + 1)),
      fan_out_(watches) {
  for (std::size_t i = 0; i < watches; ++i) {
    observe::FanOutSink& sink = sinks_.emplace_back(fan_out_, static_cast<observe::FanOut::Watch>(i));
    const auto number = static_cast<std::uint64_t>(index) << 32U | i;
    reflectors_.emplace_back(shard_, client_, parameters.collection, parameters.reflector, sink,
                             watch_random(number));
  }
}

net::Task<void> WatchShard::run() {
  net::TaskGroup watches(shard_);
  for (kube::Reflector& each : reflectors_) watches.spawn(each.run());
  co_await watches.wait_until_done();
}

void WatchShard::stop() {
  for (kube::Reflector& each : reflectors_) each.stop();
}

kube::ReflectorCounters WatchShard::counters() const {
  kube::ReflectorCounters all;
  for (const kube::Reflector& each : reflectors_) observe::add(all, each.counters());
  return all;
}

std::string current_version(const WatchParameters& parameters, int exit_code) {
  net::Shard shard("start");
  kube::Client client(shard, parameters.configuration, parameters.credentials, parameters.client);
  const net::StopFirst stop_first(shard);
  const kube::AttemptObserver nobody;
  const kube::Answer answer = shard.run(client.list(parameters.collection, "limit=1", nobody));
  const std::string what = fmt::format("list of {}: ", parameters.collection.qualified());
  if (!answer.ok()) throw base::Error(what + answer.error(), exit_code);
  const auto list = nlohmann::json::parse(answer.body, nullptr, false);
  auto version = list.is_object() ? list.value("/metadata/resourceVersion"_json_pointer, "") : "";
  if (version.empty()) throw base::Error(what + "found no metadata.resourceVersion", exit_code);
  return version;
}

}  // namespace k8scale::subcommands
