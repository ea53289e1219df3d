#pragma once
#include <string>

#include "core.h"
#include "media_type.h"
#include "table.h"

/// What a watch writes for one event: a line of JSON, or a frame of protobuf.
namespace k8scale::apiserver {

enum class EventType { added, modified, deleted, bookmark, error };

/// The form of the events of one watch.
struct FrameForm {
  View view = View::object;
  Encoding encoding = Encoding::json;
  RowObject row_object = RowObject::metadata;      ///< of tables
  TableHead table_head = TableHead::with_columns;  ///< of tables
  friend bool operator==(const FrameForm&, const FrameForm&) = default;
};

[[nodiscard]] std::string object_frame(const Core& core, const ResourceInfo& resource, EventType type,
                                       const ObjectPointer& object, const FrameForm& form);

enum class BookmarkKind { periodic, end_of_initial_events };

/// Says that the watch has shown everything up to `revision`.
[[nodiscard]] std::string bookmark_frame(const Core& core, const ResourceInfo& resource,
                                         std::uint64_t revision, BookmarkKind kind, FrameForm form);

[[nodiscard]] std::string error_frame(const Core& core, const Refusal& refusal, Encoding encoding);

}  // namespace k8scale::apiserver
