#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "k8scale/kube/reflector.h"
#include "k8scale/measure/row_log.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"
#include "k8scale/observe/dequeue.h"
#include "k8scale/observe/informer.h"
#include "k8scale/observe/log_totals.h"
#include "k8scale/observe/work_queue.h"

namespace k8scale::observe {

struct LoggerOptions {
  Columns columns = Columns::ten;
  Compare compare = Compare::yes;
  std::size_t workers = 1;
};

/// Everything that was counted up to a moment; a copy is handed to other threads.
struct LoggerSnapshot {
  LogTotals log;
  EventCounts events;
  AuditCounts audit;
  std::size_t objects = 0;         ///< that exist
  std::size_t queued = 0;          ///< keys that wait for a worker
  std::uint64_t last_version = 0;  ///< the latest that was shown; 0 when versions are no numbers
  bool synced = false;             ///< a first list was complete
  bool watching = false;           ///< a watch is open
  base::SteadyTime last_news;      ///< Informer::last_news
};

/// What a controller would see of the objects that a reflector shows: informer, work queue, workers, and a
/// row for each key that a worker takes. Belongs to its shard, as does everything that it is given.
class Logger final : public ChangeHandler {
 public:
  /// Everything must outlive it.
  Logger(net::Shard& shard, LoggerOptions options, measure::RowLog& rows, Clock clock = read_clocks);

  /// For the reflector.
  [[nodiscard]] kube::ReflectorSink& sink() { return informer_; }

  /// Runs the workers until `stop`, and then until nothing is queued.
  [[nodiscard]] net::Task<void> run();
  void stop();

  [[nodiscard]] LoggerSnapshot snapshot() const;

  void changed(Change change, std::string_view key) override;

 private:
  [[nodiscard]] net::Task<void> work();
  void process(const WorkItem& item, Moment now);

  net::Shard& shard_;
  LoggerOptions options_;
  measure::RowLog& rows_;
  Clock clock_;
  Informer informer_;
  WorkQueue queue_;
  net::Signal ready_;  // something is queued, or `stop` was called
  LogTotals totals_;
  std::string row_;
};

}  // namespace k8scale::observe
