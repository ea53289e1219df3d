#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

namespace k8scale::kube {

/// The parts of an object that ObjectView::content_hash tells apart.
enum class HashOf : std::uint64_t { identity = 1, labels, annotations, data };

/// The share that one entry of a part has in the hash. Shares are added up, so that order does not matter.
[[nodiscard]] inline std::uint64_t hash_of(std::string_view key, std::string_view value, HashOf part) {
  const std::hash<std::string_view> hash;
  // Odd multipliers of SplitMix64 (Steele, Lea, Flood 2014).
  std::uint64_t mixed = hash(key) * 0xbf58476d1ce4e5b9U + static_cast<std::uint64_t>(part);
  mixed = (mixed ^ (mixed >> 31) ^ hash(value)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 29);
}

}  // namespace k8scale::kube
