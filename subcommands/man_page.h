#pragma once
#include <span>
#include <string>

#include "pages.h"

/// Manual pages in the macros of man(7).
namespace k8scale::subcommands {

/// "k8scale-cmdriver", for `man k8scale-cmdriver`.
[[nodiscard]] std::string man_page_name(const Page& page);
[[nodiscard]] std::string man_page(const Page& page);
/// Of the program as a whole: k8scale(1).
[[nodiscard]] std::string overview_man_page(std::span<const Page> pages);

}  // namespace k8scale::subcommands
