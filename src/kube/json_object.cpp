#include "kube/json_object.h"

#include <simdjson.h>

#include "kube/content_hash.h"
#include "kube/problem.h"

namespace k8scale::kube {
namespace {

namespace dom = simdjson::dom;

// Memory for the tree of a piece that was larger than this is not kept.
constexpr std::size_t most_kept = 1024 * 1024;

constexpr std::string_view no_json = "no JSON object";
std::string_view text_of(const dom::element& value) {
  std::string_view text;
  return value.get(text) ? std::string_view() : text;
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

JsonParser::JsonParser() : parser_(std::make_unique<dom::parser>()) {}
JsonParser::~JsonParser() = default;

std::optional<dom::object> JsonParser::parse(std::string_view json) {
  if (parser_->capacity() > most_kept && json.size() < most_kept) parser_ = std::make_unique<dom::parser>();
  dom::object object;
  if (parser_->parse(json.data(), json.size(), false).get(object)) return std::nullopt;
  return object;
}

Finding JsonParser::parse_item(std::string_view json, std::span<const std::string> annotations) {
  const auto object = parse(json);
  if (!object) return garbage(no_json);
  Finding finding;
  finding.kind = Finding::Kind::item;
  const std::string_view wrong = read_object(*object, annotations, finding);
  return wrong.empty() ? finding : garbage(wrong);
}

Finding JsonParser::parse_event(std::string_view json, std::span<const std::string> annotations,
                                Status& refusal) {
  const auto event = parse(json);
  if (!event) return garbage(no_json);
  dom::element type;
  Finding finding;
  if (event->at_key("type").get(type) || !set_event_type(text_of(type), finding)) {
    return garbage(problem::no_type);
  }
  dom::object object;
  if (event->at_key("object").get(object)) return garbage(problem::no_object);
  if (finding.kind == Finding::Kind::refusal) {
    refusal = parse_status(0, simdjson::minify(object));
    return finding;
  }
  const std::string_view wrong = read_object(object, annotations, finding);
  return wrong.empty() ? finding : garbage(wrong);
}

std::string_view JsonParser::read_object(const dom::object& object, std::span<const std::string> wanted,
                                         Finding& finding) {
  annotations_.assign(wanted.size(), {});
  ObjectView& view = finding.object;
  view.annotations = annotations_;
  dom::object metadata;
  if (object.at_key("metadata").get(metadata)) return problem::no_metadata;
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
  return missing_member(finding);
}

void JsonParser::read_annotations(const dom::object& annotations, std::span<const std::string> wanted,
                                  Finding& finding) {
  for (const dom::key_value_pair member : annotations) {
    const std::string_view value = text_of(member.value);
    finding.object.content_hash += hash_of(member.key, value, HashOf::annotations);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (member.key == wanted[i]) annotations_[i] = value;
    }
    if (member.key == initial_events_end_annotation) finding.initial_events_end = value == "true";
  }
}

}  // namespace k8scale::kube
