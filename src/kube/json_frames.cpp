#include "kube/json_frames.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kube/body_reader.h"

namespace k8scale::kube {
namespace {

constexpr std::array<bool, 256> make_structural() {
  std::array<bool, 256> table{};
  for (const char character : {'"', '{', '}', '[', ']'}) table[static_cast<unsigned char>(character)] = true;
  return table;
}
constexpr std::array<bool, 256> structural = make_structural();

bool is_blank(char character) {
  return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

// Whether what follows `text` is the value of a member "items".
bool ends_with_items_key(std::string_view text) {
  const auto trim_blanks = [&] {
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  };
  trim_blanks();
  if (text.empty() || text.back() != ':') return false;
  text.remove_suffix(1);
  trim_blanks();
  return text.ends_with("\"items\"");
}

}  // namespace

std::optional<std::string_view> LineFrames::next() {
  split_.begin_next();
  const std::size_t length = rest_.find('\n');
  if (split_.size() + std::min(length, rest_.size()) > longest_piece) {
    too_long_ = true;
    split_.clear();
    return std::nullopt;
  }
  if (length == std::string_view::npos) {
    split_.append(rest_);
    rest_ = {};
    return std::nullopt;
  }
  const std::string_view line = rest_.substr(0, length);
  rest_.remove_prefix(length + 1);
  if (split_.empty() && rest_.size() >= json_padding) return line;
  split_.append(line);
  return split_.finish();
}

// Moves past the string's end, or to `end`.
const char* JsonNesting::skip_string(const char* text, const char* end) {
  if (escaped_) {
    escaped_ = false;
    ++text;
  }
  const auto* quote = static_cast<const char*>(std::memchr(text, '"', static_cast<std::size_t>(end - text)));
  const char* stop = quote != nullptr ? quote : end;
  const char* backslashes = stop;
  while (backslashes > text && backslashes[-1] == '\\') --backslashes;
  const bool odd = (stop - backslashes) % 2 != 0;
  if (quote == nullptr) {
    escaped_ = odd;
    return end;
  }
  in_string_ = odd;
  return quote + 1;
}

std::size_t JsonNesting::find_end(std::string_view text) {
  const char* place = text.data();
  const char* const end = place + text.size();
  while (place < end) {
    if (in_string_) {
      place = skip_string(place, end);
      continue;
    }
    while (place < end && !structural[static_cast<unsigned char>(*place)]) ++place;
    if (place == end) break;
    const char character = *place++;
    if (character == '"') {
      in_string_ = true;
    } else if (character == '{' || character == '[') {
      ++depth_;
    } else if (depth_ <= 1) {
      depth_ = 0;
      return static_cast<std::size_t>(place - text.data());
    } else {
      --depth_;
    }
  }
  return std::string_view::npos;
}

std::optional<std::string_view> JsonListFrames::next() {
  split_.begin_next();
  while (!rest_.empty() && problem_.empty()) {
    if (in_item_) return take_item();
    const char character = rest_.front();
    if (in_items_ && character == '{') {
      in_item_ = true;
      continue;
    }
    rest_.remove_prefix(1);
    take_frame_character(character);
  }
  return std::nullopt;
}

std::optional<std::string_view> JsonListFrames::take_item() {
  const std::size_t length = std::min(item_nesting_.find_end(rest_), rest_.size() + 1);
  const bool whole = length <= rest_.size();
  const std::string_view part = rest_.substr(0, length);
  rest_.remove_prefix(part.size());
  if (split_.size() + part.size() > longest_piece) {
    problem_ = "an object is too large";
    split_.clear();
    return std::nullopt;
  }
  in_item_ = !whole;
  if (whole && split_.empty() && rest_.size() >= json_padding) return part;
  split_.append(part);
  if (!whole) return std::nullopt;
  return split_.finish();
}

void JsonListFrames::take_frame_character(char character) {
  if (in_items_) {
    if (character == ']') {
      in_items_ = false;
    } else if (character != ',' && !is_blank(character)) {
      problem_ = "an item of the list is no object";
      return;
    } else {
      return;
    }
  }
  const bool ended = frame().has_value();
  if (ended && is_blank(character)) return;
  if (ended || (frame_.empty() && character != '{')) {
    problem_ = frame_.empty() ? "the list is no JSON object" : "something follows the list";
    return;
  }
  if (frame_.size() == longest_list_head) {
    problem_ = "the list's own fields are too large";
    return;
  }
  const bool opens_items = character == '[' && frame_nesting_.depth() == 1 && !frame_nesting_.in_string() &&
                           ends_with_items_key(frame_);
  frame_ += character;
  frame_nesting_.step(character);
  in_items_ = opens_items;
}

std::optional<std::string_view> JsonListFrames::frame() const {
  if (frame_.empty() || frame_nesting_.depth() > 0) return std::nullopt;
  return frame_;
}

}  // namespace k8scale::kube
