#pragma once
#include <cstdint>

#include "k8scale/base/time.h"
#include "k8scale/load/object_operations.h"
#include "k8scale/net/task.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {

/// How the objects of an open loop live: each is created, updated at even distances, and deleted. When `stop`
/// is raised they are deleted at once. Belongs to the shard.
class ObjectLifecycle {
 public:
  struct Parameters {
    base::Nanoseconds lifetime{0};  ///< from the end of the create to the delete
    std::uint64_t updates = 0;      ///< within it
    bool deletes = true;            ///< in the end
  };

  ObjectLifecycle(ObjectOperations& operations, Parameters parameters, net::Signal& stop)
      : operations_(operations), parameters_(parameters), stop_(stop) {}

  /// One object's life.
  [[nodiscard]] net::Task<void> live(std::uint64_t number, Begin begin);

 private:
  ObjectOperations& operations_;
  Parameters parameters_;
  net::Signal& stop_;
};

}  // namespace k8scale::load
