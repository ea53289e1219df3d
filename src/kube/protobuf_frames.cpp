#include "kube/protobuf_frames.h"

#include <algorithm>

#include "kube/body_reader.h"

namespace k8scale::kube {
namespace {

// Field numbers: of runtime.Unknown, then of every list.
constexpr std::uint64_t unknown_raw = 2;
constexpr std::uint64_t unknown_content_encoding = 3;
constexpr std::uint64_t list_metadata_field = 1;
constexpr std::uint64_t list_item_field = 2;

constexpr int varint_bits = 7;
constexpr std::size_t longest_varint = 10;

}  // namespace

std::optional<std::string_view> LengthFrames::next() {
  split_.begin_next();
  while (!in_frame_ && !rest_.empty()) {
    length_ = (length_ << 8) | static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    in_frame_ = ++length_bytes_ == 4;
  }
  if (!in_frame_ || too_long_) return std::nullopt;
  if (length_ > longest_piece) {
    too_long_ = true;
    return std::nullopt;
  }
  const std::string_view part = rest_.substr(0, length_ - split_.size());
  rest_.remove_prefix(part.size());
  const bool whole = split_.size() + part.size() == length_;
  if (!whole) {
    split_.append(part);
    return std::nullopt;
  }
  in_frame_ = false;
  length_ = 0;
  length_bytes_ = 0;
  if (split_.empty()) return part;
  split_.append(part);
  return split_.finish();
}

std::optional<ProtobufListFrames::Found> ProtobufListFrames::next() {
  split_.begin_next();
  while (!rest_.empty() && problem_.empty()) {
    if (state_ == State::piece) {
      const auto found = take_piece();
      if (found) return found;
    } else {
      step();
    }
  }
  return std::nullopt;
}

void ProtobufListFrames::step() {
  switch (state_) {
    case State::magic:
      take_magic();
      break;
    case State::tag:
      if (take_varint()) begin_field(varint_);
      break;
    case State::length:
      if (take_varint()) begin_content(varint_);
      break;
    case State::number:
      if (take_varint()) end_field();
      break;
    case State::skipped:
      left_ -= take(left_).size();
      if (left_ == 0) end_field();
      break;
    case State::piece:
      break;
  }
}

void ProtobufListFrames::take_magic() {
  if (rest_.front() != protobuf_magic[magic_bytes_]) {
    problem_ = "the list is no Kubernetes protobuf";
    return;
  }
  rest_.remove_prefix(1);
  if (++magic_bytes_ == protobuf_magic.size()) state_ = State::tag;
}

// The next bytes, at most so many, and no more than the message has that they are in.
std::string_view ProtobufListFrames::take(std::uint64_t most) {
  const std::string_view taken =
      rest_.substr(0, static_cast<std::size_t>(std::min(most, rest_.size() + 0UL)));
  rest_.remove_prefix(taken.size());
  if (inside_) inside_left_ -= taken.size();
  return taken;
}

// True when a varint is whole.
bool ProtobufListFrames::take_varint() {
  if (tag_bytes_ == 0) varint_ = 0;
  while (!rest_.empty()) {
    if (tag_bytes_ == longest_varint || (inside_ && inside_left_ == 0)) {
      problem_ = "the list is no protobuf";
      return false;
    }
    const auto byte = static_cast<unsigned char>(take(1).front());
    varint_ |= static_cast<std::uint64_t>(byte & 0x7f) << (varint_bits * static_cast<int>(tag_bytes_));
    ++tag_bytes_;
    if ((byte & 0x80) == 0) {
      tag_bytes_ = 0;
      return true;
    }
  }
  return false;
}

void ProtobufListFrames::begin_field(std::uint64_t tag) {
  field_ = tag >> 3;
  switch (tag & 7) {
    case 0:
      state_ = State::number;
      return;
    case 2:
      state_ = State::length;
      return;
    case 1:
      left_ = 8;
      break;
    case 5:
      left_ = 4;
      break;
    default:
      problem_ = "the list is no protobuf";
      return;
  }
  state_ = State::skipped;
}

// A field with a length of its own.
void ProtobufListFrames::begin_content(std::uint64_t length) {
  left_ = length;
  state_ = State::skipped;
  if (!inside_ && field_ == unknown_raw) {
    inside_ = true;
    inside_left_ = length;
    end_field();
    return;
  }
  if (!inside_ && field_ == unknown_content_encoding && length > 0) problem_ = "the list has an encoding";
  if (inside_ && length > inside_left_) problem_ = "the list is no protobuf";
  if (inside_ && field_ == list_metadata_field && length > longest_list_head) {
    problem_ = "the list's own fields are too large";
  }
  if (inside_ && field_ == list_item_field && length > longest_piece) problem_ = "an object is too large";
  const bool wanted = inside_ && (field_ == list_metadata_field || field_ == list_item_field);
  if (wanted && length > 0) {
    state_ = State::piece;
  } else if (length == 0) {
    end_field();
  }
}

std::optional<ProtobufListFrames::Found> ProtobufListFrames::take_piece() {
  const std::string_view part = take(left_);
  left_ -= part.size();
  const bool split = left_ > 0 || !split_.empty();
  if (split) split_.append(part);
  if (left_ > 0) return std::nullopt;
  const Piece piece = field_ == list_item_field ? Piece::item : Piece::metadata;
  end_field();
  return Found{piece, split ? split_.finish() : part};
}

void ProtobufListFrames::end_field() {
  state_ = State::tag;
  if (inside_ && inside_left_ == 0) inside_ = false;
}

}  // namespace k8scale::kube
