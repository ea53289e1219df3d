#pragma once
#include "body.h"
#include "call.h"
#include "core.h"
#include "list.h"

/// What changes objects: create, update, patch, delete, and the end of namespaces.
namespace k8scale::apiserver {

/// A write that was done.
struct Written {
  ObjectPointer object;  ///< as it is now, or its last state when it is gone
  bool gone = false;     ///< deleted at once, so the answer is a Status
  std::vector<std::string> warnings;
  bool created = false;  ///< by an update
};

[[nodiscard]] Answer<Written> create(Core& core, const Call& call);
[[nodiscard]] Answer<Written> update(Core& core, const Call& call);
[[nodiscard]] Answer<Written> patch(Core& core, const Call& call);
[[nodiscard]] Answer<Written> remove(Core& core, const Call& call);
/// The objects that were deleted, or would have been.
[[nodiscard]] Answer<List> remove_collection(Core& core, const Call& call);

}  // namespace k8scale::apiserver
