#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "flag_table.h"
#include "subcommands.h"

namespace k8scale::subcommands {

/// A subcommand and its flags.
struct Page {
  const Subcommand* subcommand;
  FlagTable table;
};

[[nodiscard]] Page page_of(const Subcommand& subcommand);
/// Of all subcommands, in the order of --help.
[[nodiscard]] std::vector<Page> all_pages();
/// The names of all subcommands that can follow `k8scale`, "help" among them.
[[nodiscard]] std::vector<std::string> words_after_program();

}  // namespace k8scale::subcommands
