#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/kube/configuration.h"
#include "k8scale/kube/credentials.h"
#include "k8scale/load/run.h"
#include "k8scale/load/write_feed.h"
#include "k8scale/measure/csv.h"

namespace k8scale::load {

/// Watches the objects of a run, on a shard of its own, and finds out when each of the run's writes is seen.
/// Made and destroyed by the main thread.
class WriteObserver {
 public:
  struct Options {
    std::size_t watchers = 1;  ///< watches, each on a connection of its own; up to WriteJoin::most_watchers
    kube::Collection collection;
    std::string label_selector;
    /// Whether this process writes the object of that namespace and name.
    std::function<bool(std::string_view namespace_name, std::string_view name)> owns;
    std::uint64_t seed = 0;
    /// After the last write: the longest time until watchers have shown it.
    base::Nanoseconds last_look = std::chrono::seconds(5);
    base::Nanoseconds grace = std::chrono::seconds(30);  ///< RunOptions::grace
  };

  WriteObserver(const kube::Configuration& configuration,
                const std::shared_ptr<kube::Credentials>& credentials,
                const kube::ClientOptions& client_options, Options options, measure::SeenLog& log);
  ~WriteObserver();
  WriteObserver(const WriteObserver&) = delete;
  WriteObserver& operator=(const WriteObserver&) = delete;

  /// Returns when every watcher watches. Throws base::Error (kube::configuration_exit_code) when one does not
  /// within 10 s.
  void start();

  /// For one driver's shard. The observer waits until each feed that it gave out is closed.
  [[nodiscard]] std::unique_ptr<WriteFeed> feed(net::Shard& driver);

  /// For run_shards: ends when all feeds are closed and all writes were seen, or `last_look` is over.
  [[nodiscard]] ShardWork work();

  /// What went wrong with the watches, one sentence for each watcher that had trouble. Once the shard has
  /// stopped.
  [[nodiscard]] std::vector<std::string> troubles() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace k8scale::load
