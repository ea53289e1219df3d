#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/kube/resource.h"

/// What each subcommand does on an API server: what its RBAC has to grant.
namespace k8scale::subcommands {

/// What a server without the resource means for a need.
enum class Absence { lacking, nothing_to_do };

struct Need {
  kube::Resource resource;
  std::string namespace_name;      ///< empty: in all of them
  std::string name;                ///< of the only object; empty: any
  std::vector<std::string> verbs;  ///< as RBAC spells them
  std::string only_for;            ///< the flag, or the word, that makes this necessary; empty: always
  Absence absence = Absence::lacking;
};

/// The resources of those subcommands that do not always have the same.
struct NeededResources {
  kube::Resource general;                      ///< of those that take any
  kube::Resource flunders = kube::flunders();  ///< of those that take them in any group and version
};

/// Empty for what talks to no API server.
[[nodiscard]] std::vector<Need> needs_of(std::string_view subcommand, const NeededResources& resources);

}  // namespace k8scale::subcommands
