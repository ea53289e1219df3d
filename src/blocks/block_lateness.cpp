#include "blocks/block_lateness.h"

#include <algorithm>

namespace k8scale::blocks {
namespace {

constexpr std::size_t most_between_folds = 256;

// How far apart blocks may be that are kept as one. As lateness only grows, what is one stays within this.
base::Nanoseconds tolerance(base::Nanoseconds lateness) {
  return std::max(base::Nanoseconds(1000), lateness / 100);
}

}  // namespace

void BlockLateness::add(base::SteadyTime start) {
  start_ = std::min(start_, start);
  if (blocks_.size() >= folded_ + most_between_folds) fold();
  blocks_.push_back({start, start, 1});
}

void BlockLateness::fold() {
  std::ranges::sort(blocks_, {}, &Blocks::earliest);
  std::size_t last = 0;
  for (std::size_t i = 1; i < blocks_.size(); ++i) {
    Blocks& before = blocks_[last];
    const base::SteadyTime latest = std::max(before.latest, blocks_[i].latest);
    if (latest - before.earliest <= tolerance(before.earliest - start_)) {
      before.latest = latest;
      before.count += blocks_[i].count;
    } else {
      blocks_[++last] = blocks_[i];
    }
  }
  blocks_.resize(last + 1);
  folded_ = blocks_.size();
  blocks_.reserve(folded_ + most_between_folds);
}

void BlockLateness::record_in(measure::Histogram& lateness) const {
  for (const Blocks& each : blocks_) lateness.record(each.latest - start_, each.count);
}

void BlockLateness::forget_blocks() {
  blocks_.clear();
  folded_ = 0;
}

}  // namespace k8scale::blocks
