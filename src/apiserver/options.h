#pragma once
#include <string>
#include <string_view>

#include "call.h"
#include "core.h"

/// What a write's query, or the body of a delete, asks for.
namespace k8scale::apiserver {

/// `dryRun`, `fieldManager`, `fieldValidation`, `force`; `kind` is "CreateOptions", "UpdateOptions" or
/// "PatchOptions".
[[nodiscard]] Answer<void> check_write_options(const Call& call, std::string_view kind);

struct DeleteOptions {
  std::string uid;               ///< precondition; empty: none
  std::string resource_version;  ///< precondition; empty: none
  bool dry_run = false;
};
/// From the body; from the query when there is none.
[[nodiscard]] Answer<DeleteOptions> read_delete_options(const Core& core, const Call& call);

}  // namespace k8scale::apiserver
