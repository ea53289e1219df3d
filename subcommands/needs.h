#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/kube/resource.h"

/// What each subcommand does on an API server: what its RBAC has to grant.
namespace k8scale::subcommands {

struct Need {
  kube::Resource resource;
  std::string namespace_name;      ///< empty: in all of them
  std::string name;                ///< of the only object; empty: any
  std::vector<std::string> verbs;  ///< as RBAC spells them
  std::string only_for;            ///< the flag that makes this necessary; empty: always
};

/// `general` is the resource of those subcommands that take any. Empty for what talks to no API server.
[[nodiscard]] std::vector<Need> needs_of(std::string_view subcommand, const kube::Resource& general);

}  // namespace k8scale::subcommands
