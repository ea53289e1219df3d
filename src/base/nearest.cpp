#include "k8scale/base/nearest.h"

#include <algorithm>
#include <vector>

#include "k8scale/base/text.h"

namespace k8scale::base {
namespace {

constexpr std::size_t least_prefix = 3;
constexpr std::size_t most_slips = 3;

// The optimal string alignment distance, row by row.
std::size_t slips(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

// A third of the letters, so that short words are not taken for each other.
std::size_t tolerated(std::string_view a, std::string_view b) {
  return std::min(most_slips, std::max(a.size(), b.size()) / 3);
}

}  // namespace

std::optional<std::string> nearest(std::string_view mistyped, std::span<const std::string> words) {
  const std::string typed = lower(mistyped);
  std::optional<std::string> best;
  for (const std::string& word : words) {
    const bool longer = typed.size() >= least_prefix && lower(word).starts_with(typed);
    if (longer && (!best || word.size() < best->size())) best = word;
  }
  if (best) return best;
  std::size_t fewest = most_slips + 1;
  for (const std::string& word : words) {
    const std::string meant = lower(word);
    const std::size_t count = slips(typed, meant);
    if (count > tolerated(typed, meant) || count >= fewest) continue;
    best = word;
    fewest = count;
  }
  return best;
}

}  // namespace k8scale::base
