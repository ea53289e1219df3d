#pragma once
#include <span>
#include <string>

#include "k8scale/base/time.h"
#include "object.h"
#include "resource_table.h"

namespace k8scale::apiserver {

/// Which objects the rows of a table carry (`includeObject`).
enum class RowObject { none, metadata, whole };

/// The Table (meta.k8s.io/v1) that kubectl prints. `list_metadata` is the JSON of its metadata.
[[nodiscard]] std::string table_text(const ResourceInfo& resource, std::span<const ObjectPointer> objects,
                                     const Json& list_metadata, RowObject row_object, base::WallTime now);

/// The object's metadata alone, as PartialObjectMetadata.
[[nodiscard]] Json metadata_only(const Json& document);

}  // namespace k8scale::apiserver
