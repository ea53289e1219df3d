#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace k8scale::net {

/// Bytes that were received and not yet used. Its memory grows as long as each read fills it.
class ByteBuffer {
 public:
  [[nodiscard]] std::string_view data() const { return {memory_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Room for more bytes behind those that are there.
  [[nodiscard]] std::span<char> prepare() {
    if (begin_ > 0) move_to_front();
    const bool small = filled_ && memory_.size() < most;
    if (small || memory_.size() - end_ < least) memory_.resize(std::max(2 * memory_.size(), end_ + least));
    return {memory_.data() + end_, memory_.size() - end_};
  }
  void commit(std::size_t bytes) {
    end_ += bytes;
    filled_ = end_ == memory_.size();
  }
  void consume(std::size_t bytes) { begin_ += bytes; }
  /// For a connection at rest: gives back what is more than most messages need.
  void shrink() {
    if (empty() && memory_.size() > kept_at_rest) *this = {};
  }

 private:
  // An unfinished line is all that is left of most reads.
  void move_to_front() {
    std::memmove(memory_.data(), memory_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }

  static constexpr std::size_t least = 4 * 1024;
  static constexpr std::size_t kept_at_rest = 4 * 1024;
  static constexpr std::size_t most = 256 * 1024;

  std::vector<char> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool filled_ = false;
};

}  // namespace k8scale::net
