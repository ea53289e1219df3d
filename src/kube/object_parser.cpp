#include "kube/object_parser.h"

#include <simdjson.h>

#include "kube/content_hash.h"

namespace k8scale::kube {
namespace {

namespace dom = simdjson::dom;

// Memory for the tree of a piece that was larger than this is not kept.
constexpr std::size_t most_kept = 1024 * 1024;

constexpr std::string_view no_json = "no JSON object";
constexpr std::string_view no_metadata = "an object without metadata";
constexpr std::string_view no_name = "an object without name";
constexpr std::string_view no_version = "an object without resourceVersion";
constexpr std::string_view no_type = "an event of an unknown type";
constexpr std::string_view no_object = "an event without object";
constexpr std::string_view initial_events_end = "k8s.io/initial-events-end";

std::string_view text_of(const dom::element& value) {
  std::string_view text;
  return value.get(text) ? std::string_view() : text;
}

std::optional<Finding::Kind> kind_of(std::string_view type) {
  if (type == "ADDED" || type == "MODIFIED" || type == "DELETED") return Finding::Kind::change;
  if (type == "BOOKMARK") return Finding::Kind::bookmark;
  if (type == "ERROR") return Finding::Kind::refusal;
  return std::nullopt;
}

EventType type_of(std::string_view type) {
  if (type == "ADDED") return EventType::added;
  return type == "DELETED" ? EventType::deleted : EventType::modified;
}

// A map of texts.
std::uint64_t hash_of_map(const dom::element& value, HashOf what) {
  dom::object map;
  if (value.get(map)) return 0;
  std::uint64_t hash = 0;
  for (const dom::key_value_pair member : map) hash += hash_of(member.key, text_of(member.value), what);
  return hash;
}

}  // namespace

ObjectParser::ObjectParser() : parser_(std::make_unique<dom::parser>()) {}
ObjectParser::~ObjectParser() = default;

std::optional<dom::object> ObjectParser::parse(std::string_view json) {
  if (parser_->capacity() > most_kept && json.size() < most_kept) parser_ = std::make_unique<dom::parser>();
  dom::object object;
  if (parser_->parse(json.data(), json.size(), false).get(object)) return std::nullopt;
  return object;
}

Finding ObjectParser::parse_item(std::string_view json, std::span<const std::string> annotations) {
  const auto object = parse(json);
  if (!object) return garbage(no_json);
  Finding finding;
  finding.kind = Finding::Kind::item;
  const std::string_view problem = read_object(*object, annotations, finding);
  return problem.empty() ? finding : garbage(problem);
}

Finding ObjectParser::parse_event(std::string_view json, std::span<const std::string> annotations,
                                  Status& refusal) {
  const auto event = parse(json);
  if (!event) return garbage(no_json);
  std::string_view type;
  if (event->at_key("type").get(type)) return garbage(no_type);
  const auto kind = kind_of(type);
  if (!kind) return garbage(no_type);
  dom::object object;
  if (event->at_key("object").get(object)) return garbage(no_object);
  Finding finding;
  finding.kind = *kind;
  finding.type = type_of(type);
  if (kind == Finding::Kind::refusal) {
    refusal = parse_status(0, simdjson::minify(object));
    return finding;
  }
  const std::string_view problem = read_object(object, annotations, finding);
  return problem.empty() ? finding : garbage(problem);
}

std::string_view ObjectParser::read_object(const dom::object& object, std::span<const std::string> wanted,
                                           Finding& finding) {
  annotations_.assign(wanted.size(), {});
  ObjectView& view = finding.object;
  view.annotations = annotations_;
  dom::object metadata;
  if (object.at_key("metadata").get(metadata)) return no_metadata;
  for (const dom::key_value_pair member : metadata) {
    if (member.key == "name") {
      view.name = text_of(member.value);
    } else if (member.key == "namespace") {
      view.namespace_name = text_of(member.value);
    } else if (member.key == "uid") {
      view.uid = text_of(member.value);
    } else if (member.key == "resourceVersion") {
      view.resource_version = text_of(member.value);
    } else if (member.key == "creationTimestamp") {
      view.created = base::parse_rfc3339(text_of(member.value));
    } else if (member.key == "labels") {
      view.content_hash += hash_of_map(member.value, HashOf::labels);
    } else if (member.key == "annotations") {
      dom::object annotations;
      if (!member.value.get(annotations)) read_annotations(annotations, wanted, finding);
    }
  }
  dom::element data;
  if (!object.at_key("data").get(data)) view.content_hash += hash_of_map(data, HashOf::data);
  view.content_hash += hash_of(view.uid, view.resource_version, HashOf::identity);
  if (view.resource_version.empty()) return no_version;
  return view.name.empty() && finding.kind != Finding::Kind::bookmark ? no_name : std::string_view();
}

void ObjectParser::read_annotations(const dom::object& annotations, std::span<const std::string> wanted,
                                    Finding& finding) {
  for (const dom::key_value_pair member : annotations) {
    const std::string_view value = text_of(member.value);
    finding.object.content_hash += hash_of(member.key, value, HashOf::annotations);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (member.key == wanted[i]) annotations_[i] = value;
    }
    if (member.key == initial_events_end) finding.initial_events_end = value == "true";
  }
}

}  // namespace k8scale::kube
