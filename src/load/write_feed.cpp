#include "k8scale/load/write_feed.h"

#include <memory>
#include <utility>

#include "k8scale/net/wait.h"

namespace k8scale::load {
namespace {

constexpr auto batch_time = std::chrono::milliseconds(10);

}  // namespace

WriteFeed::WriteFeed(net::Shard& from, net::Shard& to, std::function<void(Batch)> take,
                     std::function<void()> closed)
    : from_(from), to_(to), take_(std::move(take)), closed_(std::move(closed)) {}

void WriteFeed::add(FinishedWrite write) {
  if (batch_.empty()) from_.spawn(hand_over_soon());
  batch_.push_back(std::move(write));
}

net::Task<void> WriteFeed::hand_over_soon() {
  co_await net::sleep_for(batch_time);
  hand_over();
}

void WriteFeed::hand_over() {
  if (batch_.empty()) return;
  const auto batch = std::make_shared<Batch>(std::move(batch_));
  batch_ = Batch();
  batch_.reserve(batch->size());
  to_.post([take = take_, batch] { take(std::move(*batch)); });
}

void WriteFeed::close() {
  hand_over();
  to_.post(closed_);
}

}  // namespace k8scale::load
