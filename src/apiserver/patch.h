#pragma once
#include "refusal.h"

namespace k8scale::apiserver {

enum class PatchType { json, merge, strategic };

/// Applies the body of a PATCH to `document`. JSON patch is RFC 6902, merge patch RFC 7386. Strategic merge
/// is merge patch, but lists that have a merge key in k8s.io/api are merged by it, sets of text are united,
/// and `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…` and `$setElementOrder/…` are followed
/// (k8s.io/apimachinery/pkg/util/strategicpatch).
/// The result names the keys that came twice in `body`.
[[nodiscard]] Answer<std::vector<std::string>> apply_patch(PatchType type, Json& document,
                                                           std::string_view body);

}  // namespace k8scale::apiserver
