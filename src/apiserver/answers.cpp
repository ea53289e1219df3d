#include "answers.h"

#include <fmt/format.h>

#include "partial_metadata.h"
#include "protobuf.h"

namespace k8scale::apiserver {
namespace {

Json list_metadata(const List& list) {
  Json metadata = {{"resourceVersion", std::to_string(list.revision)}};
  if (!list.continue_token.empty()) metadata["continue"] = list.continue_token;
  if (list.remaining >= 0) metadata["remainingItemCount"] = list.remaining;
  return metadata;
}

std::string list_head(std::string_view api_version, std::string_view kind, const List& list) {
  std::string text = fmt::format(R"({{"kind":"{}List","apiVersion":"{}","metadata":)", kind, api_version);
  append_json(text, list_metadata(list));
  text += ",\"items\":[";
  return text;
}

std::string list_text(const ResourceInfo& resource, const List& list) {
  std::string text = list_head(resource.api_version(), resource.kind, list);
  std::size_t size = text.size() + 2;
  for (const ObjectPointer& object : list.items) size += object->encoded_without_kind().size() + 2;
  text.reserve(size);
  for (const ObjectPointer& object : list.items) {
    if (object != list.items.front()) text += ',';
    text += '{';
    text += object->encoded_without_kind();
  }
  text += "]}";
  return text;
}

std::string metadata_list_text(const List& list) {
  std::string text = list_head(meta_version, partial_metadata_kind, list);
  for (const ObjectPointer& object : list.items) {
    if (object != list.items.front()) text += ',';
    text += partial_metadata_text(*object);
  }
  text += "]}";
  return text;
}

std::string list_protobuf(const Core& core, const Call& call, const List& list) {
  const bool whole = call.view == View::object;
  std::vector<Json> items;
  items.reserve(list.items.size());
  for (const ObjectPointer& object : list.items) {
    items.push_back(whole ? object->document() : partial_metadata(*object));
  }
  return write_protobuf_list(core.schema, whole ? call.resource->api_version() : std::string(meta_version),
                             whole ? std::string_view(call.resource->kind) : partial_metadata_kind,
                             list_metadata(list), items);
}

}  // namespace

RowObject row_object(const Call& call) {
  const std::string_view asked = call.option("includeObject");
  if (asked == "None") return RowObject::none;
  return asked == "Object" ? RowObject::whole : RowObject::metadata;
}

std::string document_body(const Core& core, Encoding encoding, const Json& document) {
  return encoding == Encoding::json ? to_text(document) : write_protobuf_object(core.schema, document);
}

std::string object_body(const Core& core, const Call& call, const ObjectPointer& object) {
  if (call.view == View::table) {
    const Json metadata = {{"resourceVersion", std::to_string(object->revision())}};
    return table_text(*call.resource, {&object, 1}, metadata, row_object(call), core.clock());
  }
  const bool whole = call.view == View::object;
  if (call.encoding == Encoding::json) return whole ? object->encoded() : partial_metadata_text(*object);
  return write_protobuf_object(core.schema, whole ? object->document() : partial_metadata(*object));
}

std::string list_body(const Core& core, const Call& call, const List& list) {
  if (call.view == View::table) {
    return table_text(*call.resource, list.items, list_metadata(list), row_object(call), core.clock());
  }
  if (call.encoding == Encoding::protobuf) return list_protobuf(core, call, list);
  return call.view == View::object ? list_text(*call.resource, list) : metadata_list_text(list);
}

std::string deleted_body(const Core& core, const Call& call, const Object& object) {
  const ResourceInfo& resource = *call.resource;
  std::string text = R"({"apiVersion":"v1","details":{)";
  const auto append = [&text](std::string_view head, std::string_view value) {
    text += head;
    append_json_string(text, value);
  };
  if (!resource.group.empty()) {
    append(R"("group":)", resource.group);
    text += ',';
  }
  append(R"("kind":)", resource.plural);
  append(R"(,"name":)", object.key().name);
  append(R"(,"uid":)", object.uid());
  text += R"(},"kind":"Status","metadata":{},"status":"Success"})";
  if (call.encoding == Encoding::json) return text;
  return write_protobuf_object(core.schema, parse_json(text).value);
}

}  // namespace k8scale::apiserver
