#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "k8scale/blocks/blocks_request.h"

namespace k8scale::blocks {

/// The bytes of blocks one after another, made where they are needed: no block is ever in memory as a whole.
/// One serves all connections of a shard.
class BlockSource {
 public:
  BlockSource();

  /// The bytes of blocks of `size` bytes from `offset` of their sequence on: at least one, at most `most`.
  /// Valid until the next call.
  [[nodiscard]] std::string_view piece(std::uint64_t size, std::uint64_t offset, std::uint64_t most);

 private:
  // Long enough for a record of TLS; what has letters in it is put together here.
  static constexpr std::size_t mixed_size = 16 * 1024;
  static constexpr std::size_t zeros_size = 256 * 1024;

  std::vector<char> mixed_;
  std::vector<char> zeros_;
};

}  // namespace k8scale::blocks
