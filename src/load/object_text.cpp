#include "k8scale/load/object_text.h"

#include <fmt/compile.h>

#include <array>
#include <boost/container/static_vector.hpp>
#include <span>

#include "k8scale/kube/object_protobuf.h"

namespace k8scale::load {
namespace {

constexpr std::string_view create_timestamp = "scaletest/createTimestamp";
constexpr std::string_view update_timestamp = "scaletest/updateTimestamp";
constexpr std::string_view update_annotation = "scaletest/update";
constexpr std::string_view data_annotation = "scaletest/data";
constexpr std::string_view update_key = "baz";

// What an object has at most of annotations, or of data.
using FewPairs = boost::container::static_vector<kube::TextPair, 3>;

// A member of a JSON object that is an object of texts, which need no escaping.
void append_member(std::string& out, std::string_view name, std::span<const kube::TextPair> pairs) {
  out.append(",\"").append(name).append("\":{");
  std::string_view separator = "\"";
  for (const auto& [key, value] : pairs) {
    out.append(separator).append(key).append("\":\"").append(value).append("\"");
    separator = ",\"";
  }
  out += '}';
}

}  // namespace

ObjectText::ObjectText(ObjectShape shape, ObjectSizes sizes)
    : shape_(std::move(shape)),
      sizes_(sizes),
      start_(fmt::format(R"({{"kind":"{}","apiVersion":"{}","metadata":{{"name":")", shape_.resource.kind,
                         shape_.resource.api_version())) {
  if (sizes_.fixed()) data_ = std::string(sizes_.of(1), shape_.filler);
}

kube::PatchType ObjectText::patch_type() const {
  const std::string& group = shape_.resource.group;
  const bool built_in = group.empty() || group.ends_with(".k8s.io");
  return built_in ? kube::PatchType::strategic : kube::PatchType::merge;
}

ObjectText::Update ObjectText::update_of(std::uint64_t phase) const {
  return {fmt::format(FMT_COMPILE("{:0{}}"), phase, shape_.update_length), {}};
}

std::string ObjectText::create(const ObjectKey& object, base::WallTime now) const {
  return whole(object, nullptr, now);
}

std::string ObjectText::replace(const ObjectKey& object, std::uint64_t phase,
                                std::string_view resource_version, base::WallTime now) const {
  Update update = update_of(phase);
  update.resource_version = resource_version;
  return whole(object, &update, now);
}

std::string ObjectText::whole(const ObjectKey& object, const Update* update, base::WallTime now) const {
  const std::string own = data_ ? std::string() : std::string(sizes_.of(object.number), shape_.filler);
  const std::string& content = data_ ? *data_ : own;
  const bool stamped = update != nullptr || shape_.create_timestamp == CreateTimestamp::yes;
  const std::string time = stamped ? base::format_local_millis(now) : std::string();
  const std::array labels = {kube::TextPair("purpose", "scaletest")};
  FewPairs annotations;
  FewPairs data;
  if (stamped) annotations.emplace_back(update == nullptr ? create_timestamp : update_timestamp, time);
  if (shape_.place == DataPlace::annotation) annotations.emplace_back(data_annotation, content);
  if (shape_.place == DataPlace::data) data.emplace_back(shape_.data_key, content);
  if (update != nullptr && shape_.place == DataPlace::data) data.emplace_back(update_key, update->value);
  if (update != nullptr && shape_.place != DataPlace::data)
    annotations.emplace_back(update_annotation, update->value);
  kube::ObjectFields fields{object.name, object.namespace_name, labels, annotations, data};
  if (update != nullptr) fields.resource_version = update->resource_version;
  return shape_.encoding == kube::Encoding::protobuf ? kube::encode_object(shape_.resource, fields)
                                                     : json(fields);
}

std::string ObjectText::json(const kube::ObjectFields& fields) const {
  std::size_t values = 0;
  for (const auto& [key, value] : fields.annotations) values += value.size();
  for (const auto& [key, value] : fields.data) values += value.size();
  std::string text;
  text.reserve(start_.size() + fields.name.size() + values + 400);
  text.append(start_).append(fields.name).append(R"(","namespace":")").append(fields.namespace_name);
  if (!fields.resource_version.empty()) {
    text.append(R"(","resourceVersion":")").append(fields.resource_version);
  }
  text += '"';
  append_member(text, "labels", fields.labels);
  if (!fields.annotations.empty()) append_member(text, "annotations", fields.annotations);
  text += '}';
  if (!fields.data.empty()) append_member(text, "data", fields.data);
  if (shape_.has_spec) text += R"(,"spec":{})";
  text += '}';
  return text;
}

std::string ObjectText::patch(std::uint64_t phase, base::WallTime now) const {
  const Update update = update_of(phase);
  const std::string time = base::format_local_millis(now);
  if (shape_.place == DataPlace::data) {
    return fmt::format(FMT_COMPILE(R"({{"data":{{"{}":"{}"}},"metadata":{{"annotations":{{"{}":"{}"}}}}}})"),
                       update_key, update.value, update_timestamp, time);
  }
  return fmt::format(FMT_COMPILE(R"({{"metadata":{{"annotations":{{"{}":"{}","{}":"{}"}}}}}})"),
                     update_annotation, update.value, update_timestamp, time);
}

}  // namespace k8scale::load
