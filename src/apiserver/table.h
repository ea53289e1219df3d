#pragma once
#include <span>
#include <string>

#include "k8scale/base/time.h"
#include "object.h"
#include "resource_table.h"

namespace k8scale::apiserver {

/// Which objects the rows of a table carry (`includeObject`).
enum class RowObject { none, metadata, whole };

/// A watch names the columns only once.
enum class TableHead { with_columns, without_columns };

/// The Table (meta.k8s.io/v1) that kubectl prints. `list_metadata` is the JSON of its metadata.
[[nodiscard]] std::string table_text(const ResourceInfo& resource, std::span<const ObjectPointer> objects,
                                     const Json& list_metadata, RowObject row_object, base::WallTime now,
                                     TableHead head = TableHead::with_columns);

}  // namespace k8scale::apiserver
