#pragma once
#include <span>
#include <string_view>

#include "flag_table.h"

/// The environment variables that the program reads: manual pages are a view of this.
namespace k8scale::subcommands {

struct Variable {
  std::string_view names;    ///< one, or several of a kind with blanks between
  std::string_view flag;     ///< without dashes: those subcommands read it that have this flag
  std::string_view summary;  ///< no capital at the beginning, no full stop at the end
};

[[nodiscard]] std::span<const Variable> variables();
/// Whether the subcommand with these flags reads it.
[[nodiscard]] bool is_read(const Variable& variable, const FlagTable& table);

}  // namespace k8scale::subcommands
