#pragma once
#include <functional>
#include <future>
#include <optional>

#include "k8scale/base/stop_signals.h"
#include "k8scale/base/time.h"
#include "k8scale/net/shard.h"
#include "observe_flags.h"

namespace k8scale::subcommands {

/// How far a run has come.
struct Activity {
  bool watching = false;  ///< there was a list, and whatever changes now will be told
  base::SteadyTime last;  ///< the latest object or event, or the opening of the watch
  bool ended = false;     ///< it ended by itself
};

/// How a run came to its end.
struct RunEnd {
  std::optional<int> signal;  ///< that ended it
  base::Nanoseconds blind{};  ///< how long at its end changes were not watched any more

  /// What a reader must know of that; empty when there is nothing.
  [[nodiscard]] std::string warning() const;
};

/// Looks four times a second, and returns when the flags say that the run is over, when it ended by itself,
/// or when a signal came.
[[nodiscard]] RunEnd wait_for_end(const ObserveFlags& flags, base::StopSignals& signals,
                                  const std::function<Activity()>& look);

/// Waits until `done`, which something on another thread fulfils before it wakes `signals`. A second signal
/// ends the process at once, after `before_exit`.
void wait_for_stop(std::future<void>& done, base::StopSignals& signals,
                   const std::function<void()>& before_exit);

/// Writes it where the flags want it; false, and a line in the log, when that fails.
[[nodiscard]] bool write_summary(const ObserveFlags& flags, const nlohmann::ordered_json& summary);

/// "150405", the local time of this moment, as the original's User-Agents have it.
[[nodiscard]] std::string birth_time();

/// What `work` gives on the shard.
template <class Work>
[[nodiscard]] auto ask(net::Shard& shard, Work work) {
  std::promise<decltype(work())> promise;
  shard.post([&] { promise.set_value(work()); });
  return promise.get_future().get();
}

}  // namespace k8scale::subcommands
