#include <algorithm>

#include "k8scale/kube/reflector.h"

namespace k8scale::kube {
namespace {

// Reasons are words of the server, which may be of any length and number.
constexpr std::size_t longest_reason = 64;
constexpr std::size_t most_reasons = 64;

char printable(char character) { return character >= ' ' && character <= '~' ? character : '?'; }

}  // namespace

std::string_view count_error(ErrorCounts& errors, std::string_view reason, std::uint64_t times) {
  std::string word(reason.substr(0, longest_reason));
  std::transform(word.begin(), word.end(), word.begin(), printable);
  auto found = errors.find(word);
  if (found == errors.end()) {
    if (errors.size() >= most_reasons) word = "other";
    found = errors.emplace(std::move(word), 0).first;
  }
  found->second += times;
  return found->first;
}

}  // namespace k8scale::kube
