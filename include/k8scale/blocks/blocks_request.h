#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"

namespace k8scale::blocks {

/// `GET /blocks?size=&n=&periodMS=`: asks for n blocks of `size` bytes. A block's first byte is `A`, its last
/// `Z`, the rest zero; of a block of one byte, `A`. Block i is due `i * period` after the first.
struct BlocksRequest {
  std::uint64_t size = 500;             ///< bytes, at least 1
  std::uint64_t count = 1;              ///< blocks, at least 1
  std::chrono::milliseconds period{0};  ///< 0: as fast as it goes

  [[nodiscard]] std::uint64_t bytes() const { return size * count; }
  /// "/blocks?size=500&n=1&periodMS=10"
  [[nodiscard]] std::string target() const;
};

/// Reads the query of a request for blocks: each of size, n and periodMS exactly once, a positive whole
/// number that fits (periodMS may be 0, and together all blocks fit into 2^63 bytes and 2^63 ns); others are
/// ignored. A failure (kind protocol, or limit for a block larger than `largest_block`) says what is wrong.
[[nodiscard]] base::Result<BlocksRequest> parse_blocks_query(std::string_view query,
                                                             std::uint64_t largest_block);

}  // namespace k8scale::blocks
