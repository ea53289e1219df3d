#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "k8scale/kube/client.h"
#include "k8scale/kube/reflector.h"
#include "k8scale/net/shard.h"
#include "k8scale/observe/event_log.h"
#include "k8scale/observe/fan_out.h"
#include "k8scale/observe/watch_summary.h"

namespace k8scale::subcommands {

/// What all watches of a run are made with.
struct WatchParameters {
  const kube::Configuration& configuration;
  std::shared_ptr<kube::Credentials> credentials;
  kube::ClientOptions client;
  kube::Collection collection;
  kube::ReflectorOptions reflector;
};

/// One watch that lists again whenever it has ended, and tells every event. Made and destroyed by the main
/// thread; everything else happens on the shard.
class SingleWatch {
 public:
  explicit SingleWatch(const WatchParameters& parameters);

  [[nodiscard]] net::Shard& shard() { return shard_; }
  /// Runs until `stop`, or until a list or a watch fails.
  [[nodiscard]] net::Task<void> run() { return reflector_.run(); }
  void stop() { reflector_.stop(); }
  [[nodiscard]] const std::optional<kube::ReflectorFailure>& failure() const { return reflector_.failure(); }
  [[nodiscard]] observe::WatchState state() const { return {log_.totals(), reflector_.counters()}; }
  [[nodiscard]] base::SteadyTime last_news() const { return log_.informer().last_news(); }

 private:
  net::Shard shard_;
  kube::Client client_;
  observe::EventLog log_;
  kube::Reflector reflector_;
  net::StopFirst stop_first_{shard_};
};

/// Many watches from one version on, each on a connection of its own. Made and destroyed by the main thread;
/// everything else happens on the shard.
class WatchShard {
 public:
  WatchShard(int index, const WatchParameters& parameters, std::size_t watches);

  [[nodiscard]] net::Shard& shard() { return shard_; }
  /// Runs until `stop`.
  [[nodiscard]] net::Task<void> run();
  void stop();
  [[nodiscard]] const observe::FanOut& fan_out() const { return fan_out_; }
  [[nodiscard]] kube::ReflectorCounters counters() const;

 private:
  net::Shard shard_;
  kube::Client client_;
  observe::FanOut fan_out_;
  std::deque<observe::FanOutSink> sinks_;
  std::deque<kube::Reflector> reflectors_;
  net::StopFirst stop_first_{shard_};
};

/// The version that the server has now. Throws base::Error, with `exit_code`, when it cannot be asked.
[[nodiscard]] std::string current_version(const WatchParameters& parameters, int exit_code);

}  // namespace k8scale::subcommands
