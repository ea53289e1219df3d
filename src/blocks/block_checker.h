#pragma once
#include <cstdint>
#include <string_view>

#include "k8scale/blocks/blocks_request.h"

namespace k8scale::blocks {

/// Holds the bytes of an answer against what blocks look like, as they come.
class BlockChecker {
 public:
  explicit BlockChecker(const BlocksRequest& request) : request_(request) {}

  /// Takes the next bytes of the body. False when one of them is wrong, or there are too many; `position` is
  /// then where: behind the last block when there are too many.
  [[nodiscard]] bool put(std::string_view bytes);

  [[nodiscard]] std::uint64_t position() const { return position_; }
  /// Blocks whose first byte has come.
  [[nodiscard]] std::uint64_t begun() const {
    return position_ / request_.size + (position_ % request_.size > 0 ? 1 : 0);
  }

 private:
  [[nodiscard]] bool put_asked(std::string_view bytes);

  BlocksRequest request_;
  std::uint64_t position_ = 0;
};

}  // namespace k8scale::blocks
