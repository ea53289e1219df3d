#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace k8scale::base {

/// The word that a mistyped one was probably meant to be: the shortest one that begins with it, or else the
/// one that the fewest slips lead to: a letter too many, too few, another one, or two that changed places.
/// Upper and lower case are alike. Nothing when none is near. Of several that are as near, the first.
[[nodiscard]] std::optional<std::string> nearest(std::string_view mistyped,
                                                 std::span<const std::string> words);

}  // namespace k8scale::base
