#include "k8scale/measure/histogram.h"

#include <cmath>

#include "measure/histogram_encoding.h"

namespace k8scale::measure {

Histogram::Block& Histogram::Block::operator=(const Block& other) {
  if (this == &other) return *this;
  if (!other.counts_) {
    counts_.reset();
  } else {
    use() = *other.counts_;
  }
  return *this;
}

std::uint64_t Histogram::lowest_in(std::size_t block, std::size_t slot) {
  return block == 0 ? slot : (slots + slot) << shift_of(block);
}

std::uint64_t Histogram::highest_in(std::size_t block, std::size_t slot) {
  return lowest_in(block, slot) + (std::uint64_t{1} << shift_of(block)) - 1;
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t block = 0; block < block_count; ++block) {
    const Counts* added = other.blocks_[block].counts();
    if (added == nullptr) continue;
    Counts& counts = blocks_[block].use();
    for (std::size_t slot = 0; slot < slots; ++slot) counts[slot] += (*added)[slot];
  }
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

Histogram Histogram::since(const Histogram& earlier) const {
  Histogram result;
  for (std::size_t block = 0; block < block_count; ++block) {
    const Counts* counts = blocks_[block].counts();
    const Counts* before = earlier.blocks_[block].counts();
    if (counts == nullptr) continue;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const std::uint64_t old = before == nullptr ? 0 : (*before)[slot];
      if ((*counts)[slot] > old) result.add_decoded(block, slot, (*counts)[slot] - old);
    }
  }
  return result;
}

base::Nanoseconds Histogram::mean() const {
  return base::Nanoseconds(count_ == 0 ? 0 : std::llround(sum_ / static_cast<double>(count_)));
}

base::Nanoseconds Histogram::quantile(double q) const {
  if (count_ == 0 || q <= 0) return min();
  if (q >= 1) return max();
  // A product such as 0.999 * 1000 comes out a trifle above 999 and must not be rounded up to 1000.
  const double exact = q * static_cast<double>(count_);
  const auto wanted = static_cast<std::uint64_t>(std::max(1.0, std::ceil(exact * (1 - 1e-12))));
  std::uint64_t seen = 0;
  for (std::size_t block = 0; block < block_count; ++block) {
    const Counts* counts = blocks_[block].counts();
    if (counts == nullptr) continue;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      seen += (*counts)[slot];
      if (seen < wanted) continue;
      return base::Nanoseconds(std::clamp(highest_in(block, slot), min_, max_));
    }
  }
  return max();
}

std::uint64_t Histogram::count_at_or_below(base::Nanoseconds bound) const {
  if (bound < base::Nanoseconds(0)) return 0;
  const std::uint64_t value = clamp(bound);
  const std::size_t last_block = block_of(value);
  std::uint64_t total = 0;
  for (std::size_t block = 0; block <= last_block; ++block) {
    const Counts* counts = blocks_[block].counts();
    if (counts == nullptr) continue;
    const std::size_t end = block == last_block ? slot_of(value, block) + 1 : slots;
    for (std::size_t slot = 0; slot < end; ++slot) total += (*counts)[slot];
  }
  return total;
}

std::string Histogram::payload() const {
  encoding::CountWriter writer;
  for (std::size_t block = 0; block < block_count; ++block) {
    const Counts* counts = blocks_[block].counts();
    for (std::size_t slot = 0; slot < slots; ++slot) writer.add(counts == nullptr ? 0 : (*counts)[slot]);
  }
  return std::move(writer).take();
}

std::string Histogram::encode() const {
  return encoding::wrap(payload(), static_cast<std::uint64_t>(highest.count()));
}

void Histogram::add_decoded(std::size_t block, std::size_t slot, std::uint64_t times) {
  const std::uint64_t low = lowest_in(block, slot);
  const std::uint64_t high = highest_in(block, slot);
  blocks_[block].use()[slot] += times;
  count_ += times;
  min_ = std::min(min_, low);
  max_ = std::max(max_, high);
  sum_ += (static_cast<double>(low) + static_cast<double>(high)) / 2 * static_cast<double>(times);
}

void Histogram::set_exact(base::Nanoseconds min, base::Nanoseconds max, base::Nanoseconds mean) {
  if (count_ == 0) return;
  min_ = clamp(min);
  max_ = clamp(max);
  sum_ = static_cast<double>(mean.count()) * static_cast<double>(count_);
}

base::Result<Histogram> Histogram::decode(std::string_view text) {
  const base::Result<std::string> unwrapped = encoding::unwrap(text);
  if (!unwrapped) return unwrapped.error();
  Histogram histogram;
  encoding::CountReader reader(*unwrapped);
  std::size_t index = 0;
  while (!reader.at_end()) {
    const auto value = reader.next();
    if (!value) return encoding::malformed("a count is cut short");
    if (*value < 0) {  // that many empty slots
      const std::uint64_t empty = ~static_cast<std::uint64_t>(*value) + 1;
      if (empty > block_count * slots - index) return encoding::malformed("more slots than it can have");
      index += static_cast<std::size_t>(empty);
      continue;
    }
    if (index >= block_count * slots) return encoding::malformed("more slots than it can have");
    if (*value > 0) histogram.add_decoded(index / slots, index % slots, static_cast<std::uint64_t>(*value));
    ++index;
  }
  return histogram;
}

}  // namespace k8scale::measure
