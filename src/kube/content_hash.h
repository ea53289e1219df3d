#pragma once
#include <cstdint>
#include <string_view>

namespace k8scale::kube {

/// The parts of an object that ObjectView::content_hash tells apart.
enum class HashOf : std::uint64_t { identity = 1, labels, annotations, data };

/// The share that one entry of a part has in the hash. Shares are added up, so that order does not matter.
/// Not against an adversary; differs between processors of different byte order.
[[nodiscard]] std::uint64_t hash_of(std::string_view key, std::string_view value, HashOf part);

}  // namespace k8scale::kube
