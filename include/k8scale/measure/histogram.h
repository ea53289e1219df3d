#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"
#include "k8scale/base/time.h"

namespace k8scale::measure {

/// Counts of durations from 1 ns to 1 h, each to within 0.1 % (3 significant digits): the log-linear layout
/// of HdrHistogram (Gil Tene, hdrhistogram.org), 1024 equal slots for each power of two from 1024 ns up.
/// Belongs to one thread; copies and merges.
class Histogram {
 public:
  /// Longer durations count as this.
  static constexpr base::Nanoseconds highest = std::chrono::hours(1);

  /// Constant time. Allocates (8 KiB) only the first time that a value falls between two powers of two where
  /// none was before, at most 33 times in all. A negative value counts as 0.
  void record(base::Nanoseconds duration, std::uint64_t times = 1);
  /// Afterwards this is what it would be had all the other's values been recorded here.
  void merge(const Histogram& other);

  /// What was recorded since this was `earlier`. min, max and mean are then known to 0.1 % only.
  [[nodiscard]] Histogram since(const Histogram& earlier) const;

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Exact; 0 when nothing was recorded.
  [[nodiscard]] base::Nanoseconds min() const { return base::Nanoseconds(count_ == 0 ? 0 : min_); }
  [[nodiscard]] base::Nanoseconds max() const { return base::Nanoseconds(max_); }
  [[nodiscard]] base::Nanoseconds mean() const;
  [[nodiscard]] double sum_seconds() const { return sum_ / 1e9; }

  /// The smallest duration such that at least the fraction `q` (0 to 1) of all values is not longer, at most
  /// 0.1 % too long; 0 when nothing was recorded. quantile(0) is min(), quantile(1) is max().
  [[nodiscard]] base::Nanoseconds quantile(double q) const;
  /// How many values are not longer than `bound`; those up to 0.1 % longer may be among them.
  [[nodiscard]] std::uint64_t count_at_or_below(base::Nanoseconds bound) const;

  /// HdrHistogram's V2 compressed form in base64: readable by the libraries of many languages. The unit is 1
  /// ns.
  [[nodiscard]] std::string encode() const;
  /// Reads what `encode` wrote. min, max and mean are then known to 0.1 % only. A failure has kind protocol.
  [[nodiscard]] static base::Result<Histogram> decode(std::string_view text);
  /// What the encoding does not carry, for one that was decoded.
  void set_exact(base::Nanoseconds min, base::Nanoseconds max, base::Nanoseconds mean);

 private:
  static constexpr int slot_bits = 10;
  static constexpr std::size_t slots = 1U << slot_bits;
  static constexpr std::size_t block_count = 33;  // 2^42 ns is more than an hour

  using Counts = std::array<std::uint64_t, slots>;
  // The slots of one power of two; nothing until it is used.
  class Block {
   public:
    Block() = default;
    Block(const Block& other) : counts_(other.counts_ ? std::make_unique<Counts>(*other.counts_) : nullptr) {}
    Block& operator=(const Block& other);
    Block(Block&&) = default;
    Block& operator=(Block&&) = default;
    ~Block() = default;

    [[nodiscard]] const Counts* counts() const { return counts_.get(); }
    Counts& use() {
      if (!counts_) [[unlikely]]
        counts_ = std::make_unique<Counts>();
      return *counts_;
    }

   private:
    std::unique_ptr<Counts> counts_;
  };

  static std::size_t block_of(std::uint64_t value) {
    return static_cast<std::size_t>(std::bit_width(value | (slots - 1)) - slot_bits);
  }
  static int shift_of(std::size_t block) { return block == 0 ? 0 : static_cast<int>(block) - 1; }
  static std::size_t slot_of(std::uint64_t value, std::size_t block) {
    return static_cast<std::size_t>(value >> shift_of(block)) & (slots - 1);
  }
  static std::uint64_t lowest_in(std::size_t block, std::size_t slot);
  static std::uint64_t highest_in(std::size_t block, std::size_t slot);
  static std::uint64_t clamp(base::Nanoseconds value) {
    return static_cast<std::uint64_t>(std::clamp(value, base::Nanoseconds(0), highest).count());
  }
  [[nodiscard]] std::string payload() const;
  void add_decoded(std::size_t block, std::size_t slot, std::uint64_t times);

  std::array<Block, block_count> blocks_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
  double sum_ = 0;  // nanoseconds
};

inline void Histogram::record(base::Nanoseconds duration, std::uint64_t times) {
  const std::uint64_t value = clamp(duration);
  const std::size_t block = block_of(value);
  blocks_[block].use()[slot_of(value, block)] += times;
  count_ += times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(times);
}

}  // namespace k8scale::measure
