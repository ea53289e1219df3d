#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace k8scale::net {

/// Bytes that were received and not yet used. Holds no memory while it is released.
class ByteBuffer {
 public:
  [[nodiscard]] std::string_view data() const { return {memory_.data() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Room for more bytes behind those that are there.
  [[nodiscard]] std::span<char> prepare() {
    if (empty()) begin_ = end_ = 0;
    if (memory_.size() - end_ < least_room) memory_.resize(end_ + step);
    return {memory_.data() + end_, memory_.size() - end_};
  }
  void commit(std::size_t bytes) { end_ += bytes; }
  void consume(std::size_t bytes) { begin_ += bytes; }
  /// Gives the memory back, unless there are bytes in it.
  void release() {
    if (empty()) *this = {};
  }

 private:
  // A TLS record holds 16 KiB at most.
  static constexpr std::size_t step = 16 * 1024;
  static constexpr std::size_t least_room = 4 * 1024;

  std::vector<char> memory_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace k8scale::net
