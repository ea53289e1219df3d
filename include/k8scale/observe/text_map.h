#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace k8scale::observe {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

/// A hash map by text, in which a view finds without a copy. Its elements stay where they are.
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

}  // namespace k8scale::observe
