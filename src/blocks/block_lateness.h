#pragma once
#include <cstdint>
#include <vector>

#include "k8scale/base/time.h"
#include "k8scale/measure/histogram.h"

namespace k8scale::blocks {

/// How late the blocks of one answer are. Any block may show that the schedule began earlier than those
/// before it told; then all of them were later. So blocks are kept by when the schedule began if they were on
/// time, those apart by at most 1 µs, or 1 % of their lateness, as one: up to 40 kB, however many blocks
/// there are.
class BlockLateness {
 public:
  /// The next block came when it would have been on time by a schedule that began at `start`.
  void add(base::SteadyTime start);
  /// Records them all, to within 1 µs or 1 %, in what may hold those of other answers.
  void record_in(measure::Histogram& lateness) const;
  /// The blocks so far count no longer, but the schedule is still one by which none of them came early.
  void forget_blocks();

 private:
  struct Blocks {
    base::SteadyTime earliest, latest;  // start of a schedule by which they were on time
    std::uint64_t count;
  };
  void fold();

  std::vector<Blocks> blocks_;
  std::size_t folded_ = 0;  // how many of them the last fold left
  base::SteadyTime start_ = base::SteadyTime::max();
};

}  // namespace k8scale::blocks
