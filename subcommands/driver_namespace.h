#pragma once
#include <string_view>

namespace k8scale::subcommands {

/// Where all drivers write, and the label of what they write there.
inline constexpr std::string_view namespace_name = "scaletest";
inline constexpr std::string_view label_selector = "purpose=scaletest";

}  // namespace k8scale::subcommands
