#include "blocks/block_source.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace k8scale::blocks {
namespace {

constexpr std::size_t page = 4096;

}  // namespace

BlockSource::Bytes::Bytes(std::size_t size) : memory_(size + page), begin_(0) {
  void* place = memory_.data();
  std::size_t space = memory_.size();
  std::align(page, 1, place, space);
  const std::size_t to_page = memory_.size() - space;
  begin_ = (to_page + page / 2) % page;
}

BlockSource::BlockSource() : mixed_(mixed_size) {}

std::string_view BlockSource::piece(std::uint64_t size, std::uint64_t offset, std::uint64_t most) {
  const std::uint64_t within = offset % size;
  const std::uint64_t before_last = size - 1 - within;  // bytes up to the block's Z
  if (within > 0 && before_last >= mixed_size) {
    if (!zeros_) zeros_.emplace(zeros_size);
    return {zeros_->begin(),
            static_cast<std::size_t>(std::min<std::uint64_t>({before_last, most, zeros_size}))};
  }
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(most, mixed_size));
  char* const mixed = mixed_.begin();
  std::memset(mixed, 0, length);
  // The letters from the block on that `offset` lies in; A comes second, as it wins when both are one.
  for (std::uint64_t last = before_last; last < length; last += size) mixed[last] = 'Z';
  for (std::uint64_t first = within == 0 ? 0 : size - within; first < length; first += size) {
    mixed[first] = 'A';
  }
  return {mixed, length};
}

}  // namespace k8scale::blocks
