#pragma once
#include <span>
#include <string_view>

#include "invocation.h"

namespace k8scale::subcommands {

/// What people look for when they look for a subcommand, in the order in which --help shows it.
enum class Group { load, watching, network, server, program };
/// The heading over a group: "Put load on an API server".
[[nodiscard]] std::string_view heading(Group group);

/// Whether a link of that name is made by --install: for the programs that this one succeeds.
enum class Link { no, yes };

/// One tool of the executable. `run` returns the exit code, and throws base::Error for what keeps it from
/// starting.
struct Subcommand {
  std::string_view name;
  Group group;
  Link link;
  std::string_view summary;
  int (*run)(const Invocation& invocation);
};

/// In the order of their groups.
[[nodiscard]] std::span<const Subcommand> all();
/// Null when there is none of that name.
[[nodiscard]] const Subcommand* find(std::string_view name);

}  // namespace k8scale::subcommands
