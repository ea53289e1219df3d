#pragma once
#include <functional>
#include <vector>

#include "k8scale/load/write_join.h"
#include "k8scale/net/shard.h"
#include "k8scale/net/task.h"

namespace k8scale::load {

/// Takes the writes that ended on a driver's shard to the shard that watches, in batches of 10 ms: no request
/// waits for it. Belongs to the driver's shard, and must outlive what runs on it.
class WriteFeed {
 public:
  using Batch = std::vector<FinishedWrite>;

  /// `take` is called with each batch and `closed` after the last one, on the shard `to`.
  WriteFeed(net::Shard& from, net::Shard& to, std::function<void(Batch)> take, std::function<void()> closed);

  void add(FinishedWrite write);
  /// Nothing more will be added.
  void close();

 private:
  [[nodiscard]] net::Task<void> hand_over_soon();
  void hand_over();

  net::Shard& from_;
  net::Shard& to_;
  std::function<void(Batch)> take_;
  std::function<void()> closed_;
  Batch batch_;
};

}  // namespace k8scale::load
