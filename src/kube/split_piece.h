#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace k8scale::kube {

/// Readable bytes behind a piece of JSON, as simdjson wants them.
constexpr std::size_t json_padding = 64;

/// Keeps a piece that portions of the input split. It is forgotten by the call that follows `finish`.
class SplitPiece {
 public:
  /// Forgets a piece that was finished. Called first by whoever looks for the next one.
  void begin_next() {
    if (finished_) clear();
  }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  void append(std::string_view part) { text_.append(part); }
  /// The piece is whole; it is padded.
  [[nodiscard]] std::string_view finish() {
    finished_ = true;
    text_.reserve(text_.size() + json_padding);
    return text_;
  }
  /// Forgets the piece and gives back its memory.
  void clear() {
    std::string().swap(text_);
    finished_ = false;
  }

 private:
  std::string text_;
  bool finished_ = false;
};

}  // namespace k8scale::kube
