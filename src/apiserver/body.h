#pragma once
#include <string>
#include <vector>

#include "call.h"
#include "schema.h"

/// Reads the object in the body of a request.
namespace k8scale::apiserver {

struct Body {
  Json document;
  std::vector<std::string> warnings;  ///< unknown and duplicate fields, with fieldValidation=Warn
};

/// The object of a create or an update, of the right kind, with only the fields that its kind has.
[[nodiscard]] Answer<Body> read_body(const Schema& schema, const Call& call);

/// The same checks for what a patch made.
[[nodiscard]] Answer<Body> check_patched(const Schema& schema, const Call& call, Json document,
                                         const std::vector<std::string>& duplicate_fields);

/// `dryRun`, `fieldValidation` of a write; `kind` is "CreateOptions", "UpdateOptions" or "PatchOptions".
[[nodiscard]] Answer<void> check_write_options(const Call& call, std::string_view kind);

struct DeleteOptions {
  std::string uid;               ///< precondition; empty: none
  std::string resource_version;  ///< precondition; empty: none
  bool dry_run = false;
};
[[nodiscard]] Answer<DeleteOptions> read_delete_options(const Schema& schema, const Call& call);

}  // namespace k8scale::apiserver
