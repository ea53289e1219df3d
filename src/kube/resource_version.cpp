#include "k8scale/kube/resource_version.h"

#include <cstddef>
#include <system_error>

#include "k8scale/base/number.h"
#include "kube/protobuf_frames.h"
#include "kube/protobuf_object.h"

namespace k8scale::kube {
namespace {

constexpr std::string_view blanks = " \t\r\n";

// What is between the quotes of the string that begins at `quote`; cut short when it does not end.
std::string_view string_at(std::string_view text, std::size_t quote) {
  const std::size_t begin = quote + 1;
  std::size_t end = text.find('"', begin);
  while (end != std::string_view::npos) {
    std::size_t backslashes = 0;
    while (end - backslashes > begin && text[end - backslashes - 1] == '\\') ++backslashes;
    if (backslashes % 2 == 0) break;
    end = text.find('"', end + 1);
  }
  return text.substr(begin, end == std::string_view::npos ? end : end - begin);
}

// Where the value of a member begins whose name ends before `position`; npos when no member does.
std::size_t value_after(std::string_view text, std::size_t position) {
  const std::size_t colon = text.find_first_not_of(blanks, position);
  if (colon == std::string_view::npos || text[colon] != ':') return std::string_view::npos;
  return text.find_first_not_of(blanks, colon + 1);
}

}  // namespace

std::uint64_t version_number(std::string_view resource_version) {
  return base::parse_number<std::uint64_t>(resource_version).value_or(0);
}

std::string_view resource_version_of(std::string_view object) {
  if (object.starts_with(protobuf_magic)) return protobuf_resource_version(object);
  int depth = 0;
  bool in_metadata = false;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const char c = object[i];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    const std::string_view text = string_at(object, i);
    i += text.size() + 1;
    const std::size_t value = value_after(object, i + 1);
    if (value == std::string_view::npos) continue;
    if (depth == 1) in_metadata = text == "metadata";
    const bool found = depth == 2 && in_metadata && text == "resourceVersion";
    if (found) return object[value] == '"' ? string_at(object, value) : std::string_view();
  }
  return {};
}

}  // namespace k8scale::kube
