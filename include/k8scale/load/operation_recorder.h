#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

#include "k8scale/kube/client.h"
#include "k8scale/load/server_set.h"
#include "k8scale/load/write_feed.h"
#include "k8scale/measure/csv.h"
#include "k8scale/measure/recorder.h"

namespace k8scale::load {

/// When an operation is to begin.
struct Begin {
  base::SteadyTime scheduled;        ///< response time counts from here
  base::SteadyTime due;              ///< send lag counts from here: nobody was free to do it before
  base::Nanoseconds crowded_out{0};  ///< of the time since `due`: it would have had no connection

  Begin(base::SteadyTime moment) : scheduled(moment), due(moment) {}
  Begin(base::SteadyTime wanted, base::SteadyTime free) : scheduled(wanted), due(std::max(wanted, free)) {}
};

/// One operation as it goes on: turns each attempt of its call into a record, and its end into a row. Pass
/// `observer()` to the client; belongs to the shard and must outlive the call.
class OperationRecorder {
 public:
  struct Sinks {
    measure::Recorder& recorder;
    measure::OperationLog& log;
    int shard = 0;
    bool measured = true;         ///< Operation::measured
    WriteFeed* writes = nullptr;  ///< gets each write that ended, when the run watches what it writes
    bool paced =
        true;  ///< false: `scheduled` is when a worker was free, and response time begins with sending
  };

  /// `use` is of the server that is asked.
  OperationRecorder(Sinks sinks, measure::Verb verb, std::uint64_t object_number,
                    const std::string& object_name, Begin begin, const ServerSet::Use& use);

  /// Whether the server is asked at all. When not: `not_sent` records that, and is what the operation came
  /// to.
  [[nodiscard]] bool may_be_sent() const { return !left_alone_; }
  [[nodiscard]] kube::Answer not_sent();
  [[nodiscard]] kube::AttemptObserver observer();

  /// Whether some attempt may have changed the server's state although it brought no success.
  [[nodiscard]] bool may_have_happened() const { return may_have_happened_; }

 private:
  void observe(const kube::Attempt& attempt);
  void describe_list(const net::Exchange& exchange);
  void hand_over(const net::Exchange& exchange);

  Sinks sinks_;
  std::optional<base::Failure> left_alone_;
  measure::Operation operation_;
  Begin begin_;
  base::WallTime first_sent_;
  bool may_have_happened_ = false;
};

}  // namespace k8scale::load
