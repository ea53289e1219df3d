#include "object.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view metadata_name = "\"metadata\":";

std::map<std::string, std::string> read_labels(const Json& metadata) {
  std::map<std::string, std::string> labels;
  for (const auto& [name, value] : members(member(metadata, "labels"))) {
    if (value.is_string()) labels.emplace(name, value.get_ref<const std::string&>());
  }
  return labels;
}

void append_member(std::string& out, std::string_view name, const Json& value) {
  append_json_string(out, name);
  out += ':';
  append_json(out, value);
}

// Room for the whole text, so that it is written without moving: the longest string is nearly all of it.
std::size_t expected_size(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size() + 4;
  std::size_t size = 8;
  if (value.is_array()) {
    for (const Json& each : value) size += 4 + expected_size(each);
  }
  for (const auto& [name, each] : members(value)) size += name.size() + 4 + expected_size(each);
  return size;
}

}  // namespace

Object::Object(Json document, std::uint64_t revision) : revision_(revision) {
  Json& metadata = document["metadata"];
  key_ = {std::string(text_member(metadata, "namespace")), std::string(text_member(metadata, "name"))};
  uid_ = text_member(metadata, "uid");
  labels_ = read_labels(metadata);
  metadata.erase("resourceVersion");

  encoded_.reserve(expected_size(document) + 48);
  encoded_ += "{\"kind\":";
  append_json(encoded_, document["kind"]);
  encoded_ += ",\"apiVersion\":";
  append_json(encoded_, document["apiVersion"]);
  encoded_ += ',';
  metadata_at_ = encoded_.size();
  encoded_ += metadata_name;
  append_json(encoded_, metadata);
  encoded_.pop_back();
  if (revision != 0) {
    if (!metadata.empty()) encoded_ += ',';
    encoded_ += "\"resourceVersion\":\"";
    revision_at_ = encoded_.size();
    encoded_ += std::to_string(revision);
    encoded_ += '"';
  }
  encoded_ += '}';
  metadata_size_ = encoded_.size() - metadata_at_ - metadata_name.size();
  for (const auto& [name, value] : members(document)) {
    if (name == "kind" || name == "apiVersion" || name == "metadata") continue;
    encoded_ += ',';
    append_member(encoded_, name, value);
  }
  encoded_ += '}';
  encoded_.shrink_to_fit();
}

std::string_view Object::encoded_without_kind() const {
  return std::string_view(encoded_).substr(metadata_at_);
}

Json Object::document() const { return parse_json(encoded_).value; }

std::size_t Object::bytes() const {
  std::size_t size =
      sizeof(Object) + encoded_.capacity() + key_.name.size() + key_.namespace_name.size() + 96;
  for (const auto& [name, value] : labels_) size += name.size() + value.size() + 112;
  return size;
}

std::string_view Object::metadata() const {
  return encoded_without_kind().substr(metadata_name.size(), metadata_size_);
}

ObjectPointer Object::at(std::uint64_t revision) const {
  auto copy = std::make_shared<Object>(*this);
  const std::string digits = std::to_string(revision);
  const std::size_t former = std::to_string(revision_).size();
  copy->encoded_.replace(revision_at_, former, digits);
  copy->metadata_size_ += digits.size() - former;
  copy->revision_ = revision;
  return copy;
}

}  // namespace k8scale::apiserver
