#include "event_frame.h"

#include <fmt/format.h>

#include "partial_metadata.h"
#include "protobuf.h"

namespace k8scale::apiserver {
namespace {

std::string_view name(EventType type) {
  switch (type) {
    case EventType::added:
      return "ADDED";
    case EventType::modified:
      return "MODIFIED";
    case EventType::deleted:
      return "DELETED";
    case EventType::bookmark:
      return "BOOKMARK";
    case EventType::error:
      break;
  }
  return "ERROR";
}

std::string json_frame(EventType type, std::string_view object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", name(type), object);
}

std::string document_frame(const Core& core, EventType type, const Json& document, Encoding encoding) {
  if (encoding == Encoding::json) return json_frame(type, to_text(document));
  return write_protobuf_event(name(type), write_protobuf_object(core.schema, document));
}

}  // namespace

std::string object_frame(const Core& core, const ResourceInfo& resource, EventType type,
                         const ObjectPointer& object, const FrameForm& form) {
  if (form.view == View::table) {
    const Json metadata = {{"resourceVersion", std::to_string(object->revision())}};
    return json_frame(
        type, table_text(resource, {&object, 1}, metadata, form.row_object, core.clock(), form.table_head));
  }
  const bool whole = form.view == View::object;
  if (form.encoding == Encoding::json) {
    return json_frame(type, whole ? object->encoded() : partial_metadata_text(*object));
  }
  return document_frame(core, type, whole ? object->document() : partial_metadata(*object), form.encoding);
}

std::string bookmark_frame(const Core& core, const ResourceInfo& resource, std::uint64_t revision,
                           BookmarkKind kind, FrameForm form) {
  Json metadata = Json::object();
  if (kind == BookmarkKind::end_of_initial_events) {
    metadata["annotations"] = {{"k8s.io/initial-events-end", "true"}};
    // Its annotation must reach the client.
    if (form.row_object == RowObject::none) form.row_object = RowObject::metadata;
  }
  Json document = {{"kind", resource.kind}, {"apiVersion", resource.api_version()}, {"metadata", metadata}};
  const auto object = std::make_shared<const Object>(std::move(document), revision);
  return object_frame(core, resource, EventType::bookmark, object, form);
}

std::string error_frame(const Core& core, const Refusal& refusal, Encoding encoding) {
  return document_frame(core, EventType::error, refusal.status(), encoding);
}

}  // namespace k8scale::apiserver
