#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "kube/split_piece.h"

/// Finds the pieces of a protobuf body, in bytes that come in arbitrary portions. What they return lasts
/// until the next call.
namespace k8scale::kube {

/// What an object in Kubernetes' protobuf form begins with; runtime.Unknown follows.
constexpr std::string_view protobuf_magic("k8s\0", 4);

/// A watch's frames: a length of 4 bytes, big-endian, then so many bytes.
class LengthFrames {
 public:
  void put(std::string_view bytes) { rest_ = bytes; }
  /// The next frame; nothing when more bytes are needed, or it is too long.
  [[nodiscard]] std::optional<std::string_view> next();
  [[nodiscard]] bool too_long() const { return too_long_; }
  /// Whether bytes of an unfinished frame came.
  [[nodiscard]] bool unfinished() const { return length_bytes_ > 0 || in_frame_; }

 private:
  std::string_view rest_;
  SplitPiece split_;
  std::uint32_t length_ = 0;
  int length_bytes_ = 0;
  bool in_frame_ = false;
  bool too_long_ = false;
};

/// The fields of a list: runtime.Unknown, in whose field 2 is a message of 1 ListMeta and 2 items.
class ProtobufListFrames {
 public:
  enum class Piece { metadata, item };
  struct Found {
    Piece piece;
    std::string_view bytes;
  };

  void put(std::string_view bytes) { rest_ = bytes; }
  /// The next piece; nothing when more bytes are needed, or something is wrong.
  [[nodiscard]] std::optional<Found> next();
  /// What is wrong; empty when nothing is.
  [[nodiscard]] std::string_view problem() const { return problem_; }
  /// Whether the list may end here.
  [[nodiscard]] bool whole() const { return state_ == State::tag && !inside_ && tag_bytes_ == 0; }

 private:
  enum class State { magic, tag, length, number, skipped, piece };

  void step();
  void take_magic();
  void begin_field(std::uint64_t tag);
  void begin_content(std::uint64_t length);
  [[nodiscard]] bool take_varint();
  [[nodiscard]] std::string_view take(std::uint64_t most);
  [[nodiscard]] std::optional<Found> take_piece();
  void end_field();

  std::string_view rest_;
  SplitPiece split_;
  State state_ = State::magic;
  std::size_t magic_bytes_ = 0;
  std::size_t tag_bytes_ = 0;  ///< of an unfinished varint
  std::uint64_t varint_ = 0;
  std::uint64_t field_ = 0;
  std::uint64_t left_ = 0;         ///< of the field's content
  bool inside_ = false;            ///< Unknown's field 2
  std::uint64_t inside_left_ = 0;  ///< of that
  std::string_view problem_;
};

}  // namespace k8scale::kube
