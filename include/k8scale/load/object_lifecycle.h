#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/kube/client.h"
#include "k8scale/load/operation_recorder.h"
#include "k8scale/load/run_id.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {

/// The objects of one shard: each is created, lives for a while, and is deleted. When `stop` is raised they
/// are deleted at once. Belongs to the shard.
class ObjectLifecycle {
 public:
  struct Parameters {
    base::Nanoseconds lifetime{0};  ///< from the end of the create to the delete
    std::string field_manager;
    /// The object of that name, as JSON.
    std::function<std::string(std::string_view name, base::WallTime now)> object;
  };

  ObjectLifecycle(kube::Client& client, kube::Collection collection, ObjectNames names, Parameters parameters,
                  OperationRecorder::Sinks sinks, net::Signal& stop);

  /// One object's life.
  [[nodiscard]] net::Task<void> live(std::uint64_t number, base::SteadyTime scheduled);

  /// Deletes what may still be there after all lives: objects whose create brought no clear answer, or whose
  /// delete failed. Tries several times until `deadline`. Not part of the measurement, so it leaves no
  /// records.
  [[nodiscard]] net::Task<void> clean_up(net::Shard& shard, base::SteadyTime deadline);
  /// Objects that may be left on the server although the population does not count them.
  [[nodiscard]] std::size_t uncounted() const;

 private:
  [[nodiscard]] net::Task<bool> create(std::uint64_t number, const std::string& name,
                                       base::SteadyTime scheduled);
  [[nodiscard]] net::Task<void> remove(std::uint64_t number, const std::string& name,
                                       base::SteadyTime scheduled);

  struct Leftover {
    std::string name;
    bool counted = false;  // in the population
    bool gone = false;
  };
  [[nodiscard]] net::Task<void> remove_leftover(Leftover& leftover);

  kube::Client& client_;
  kube::Collection collection_;
  ObjectNames names_;
  Parameters parameters_;
  std::string create_query_;
  OperationRecorder::Sinks sinks_;
  net::Signal& stop_;
  std::vector<Leftover> leftovers_;
};

}  // namespace k8scale::load
