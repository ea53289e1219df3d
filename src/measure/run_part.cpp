#include "k8scale/measure/run_part.h"

#include <fmt/format.h>

#include <algorithm>

namespace k8scale::measure {

std::vector<std::uint64_t> MergedParts::missing() const {
  std::vector<bool> there(count, false);
  for (const MergedPart& each : merged) there.at(each.part.index - 1) = true;
  std::vector<std::uint64_t> missing;
  for (std::uint64_t index = 1; index <= count; ++index) {
    if (!there[index - 1]) missing.push_back(index);
  }
  return missing;
}

base::Nanoseconds MergedParts::start_spread() const {
  if (merged.empty()) return base::Nanoseconds(0);
  const auto [first, last] =
      std::minmax_element(merged.begin(), merged.end(),
                          [](const MergedPart& a, const MergedPart& b) { return a.started < b.started; });
  return last->started - first->started;
}

std::vector<std::string> differences(const nlohmann::ordered_json& found,
                                     const nlohmann::ordered_json& expected) {
  nlohmann::ordered_json keys = found;
  keys.update(expected);
  std::vector<std::string> made;
  for (const auto& [key, value] : keys.items()) {
    const auto ours = found.value(key, nlohmann::ordered_json());
    const auto theirs = expected.value(key, nlohmann::ordered_json());
    if (ours != theirs)
      made.push_back(fmt::format("{} is {} instead of {}", key, ours.dump(), theirs.dump()));
  }
  return made;
}

std::string numbers_text(const std::vector<std::uint64_t>& numbers) {
  fmt::memory_buffer text;
  const auto out = std::back_inserter(text);
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    fmt::format_to(out, "{}{}", i == 0 ? "" : ", ", numbers[i]);
    if (last > i) fmt::format_to(out, "{}{}", last == i + 1 ? ", " : "-", numbers[last]);
    i = last + 1;
  }
  return fmt::to_string(text);
}

}  // namespace k8scale::measure
