#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace k8scale::measure {

/// How an event stands to those before it on the same watch.
enum class EventOrder {
  forward,     ///< its version is higher than all before
  duplicated,  ///< the same version was there before
  reordered,   ///< its version is lower than one before, and new
};

/// Holds the versions of one watch against each other: an API server numbers the writes of all objects with
/// one counter, and a watch shows them in that order, each once. A version that returns after more than 1,024
/// other events counts as reordered. Constant time for what is in order.
class WatchAudit {
 public:
  EventOrder judge(std::uint64_t version);

 private:
  std::uint64_t highest_ = 0;
  std::vector<std::uint64_t> recent_;  // a ring once it is full
  std::size_t next_ = 0;
};

}  // namespace k8scale::measure
