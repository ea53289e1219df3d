#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
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

  // OpenSSL copies what it sends to near the beginning of a page. From the beginning of another page that
  // takes several times as long on some processors (AMD Zen 3 and 4, where glibc copies with REP MOVSB: glibc
  // bug 30994), so these bytes begin in the middle of one.
  class Bytes {
   public:
    explicit Bytes(std::size_t size);
    [[nodiscard]] char* begin() { return memory_.data() + begin_; }

   private:
    std::vector<char> memory_;
    std::size_t begin_;
  };

  Bytes mixed_;
  std::optional<Bytes> zeros_;  // most servers are never asked for blocks that long
};

}  // namespace k8scale::blocks
