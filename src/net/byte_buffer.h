#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace k8scale::net {

/// Bytes that were received and not yet used. Its memory grows as long as each read fills it.
class ByteBuffer {
 public:
  [[nodiscard]] std::string_view data() const { return {memory_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }

  /// Room for more bytes behind those that are there.
  [[nodiscard]] std::span<char> prepare() {
    if (filled_) wanted_ = std::min(2 * wanted_, most);
    filled_ = false;
    const std::size_t unused = end_ - begin_;
    if (capacity_ < std::max(wanted_, unused + least)) {
      allocate(std::max(wanted_, 2 * unused + least));
    } else if (capacity_ - end_ < least || empty()) {
      std::memmove(memory_.get(), memory_.get() + begin_, unused);
      begin_ = 0;
      end_ = unused;
    }
    return {memory_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t bytes) {
    end_ += bytes;
    filled_ = end_ == capacity_;
  }
  void consume(std::size_t bytes) { begin_ += bytes; }
  /// For a connection at rest: gives back what is more than most messages need.
  void shrink() {
    wanted_ = least;
    if (capacity_ > least && empty()) release();
  }
  /// Gives back what a few bytes do not need, if there are no more. The next memory will be as large.
  void release() {
    const std::size_t unused = end_ - begin_;
    if (capacity_ > few && unused <= few) allocate(unused > 0 ? few : 0);
  }

 private:
  static constexpr std::size_t least = 4 * 1024;
  static constexpr std::size_t most = 256 * 1024;
  static constexpr std::size_t few = 8;  // the end of a chunk's line

  void allocate(std::size_t capacity) {
    auto other = capacity > 0 ? std::make_unique_for_overwrite<char[]>(capacity) : nullptr;
    const std::size_t unused = end_ - begin_;
    if (unused > 0) std::memcpy(other.get(), memory_.get() + begin_, unused);
    memory_ = std::move(other);
    capacity_ = capacity;
    begin_ = 0;
    end_ = unused;
  }

  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t wanted_ = least;
  bool filled_ = false;
};

}  // namespace k8scale::net
