#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kube/split_piece.h"

/// Finds the pieces of a JSON body, in bytes that come in arbitrary portions. What they return has
/// `json_padding` readable bytes behind it, as simdjson wants, and lasts until the next call.
namespace k8scale::kube {

/// The lines of a watch.
class LineFrames {
 public:
  void put(std::string_view bytes) { rest_ = bytes; }
  /// The next line, without its end; nothing when more bytes are needed, or the line is too long.
  [[nodiscard]] std::optional<std::string_view> next();
  /// What came after the last line's end.
  [[nodiscard]] std::string_view unfinished() { return split_.finish(); }
  [[nodiscard]] bool too_long() const { return too_long_; }

 private:
  std::string_view rest_;
  SplitPiece split_;
  bool too_long_ = false;
};

/// Follows brackets and strings through JSON text.
class JsonNesting {
 public:
  /// Up to and with the bracket that closes the first one, or npos when it is not there yet.
  [[nodiscard]] std::size_t find_end(std::string_view text);
  /// Takes in one character.
  void step(char character) { static_cast<void>(find_end({&character, 1})); }
  [[nodiscard]] std::size_t depth() const { return depth_; }
  [[nodiscard]] bool in_string() const { return in_string_; }

 private:
  const char* skip_string(const char* text, const char* end);

  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

/// The elements of the member "items" of an object, and the rest of that object.
class JsonListFrames {
 public:
  void put(std::string_view bytes) { rest_ = bytes; }
  /// The next item; nothing when more bytes are needed, or something is wrong.
  [[nodiscard]] std::optional<std::string_view> next();
  /// What is wrong; empty when nothing is.
  [[nodiscard]] std::string_view problem() const { return problem_; }
  /// The object without its items, when it has ended.
  [[nodiscard]] std::optional<std::string_view> frame() const;

 private:
  [[nodiscard]] std::optional<std::string_view> take_item();
  void take_frame_character(char character);

  std::string_view rest_;
  SplitPiece split_;
  std::string frame_;
  JsonNesting frame_nesting_;
  JsonNesting item_nesting_;
  bool in_items_ = false;
  bool in_item_ = false;
  std::string_view problem_;
};

}  // namespace k8scale::kube
