#include "k8scale/load/object_text.h"

#include <fmt/compile.h>

#include <array>
#include <vector>

#include "k8scale/kube/config_map_protobuf.h"

namespace k8scale::load {
namespace {

constexpr std::string_view create_timestamp = "scaletest/createTimestamp";
constexpr std::string_view update_timestamp = "scaletest/updateTimestamp";
constexpr std::string_view update_annotation = "scaletest/update";
constexpr std::string_view data_annotation = "scaletest/data";
constexpr std::string_view update_key = "baz";

// Members of a JSON object, whose texts need no escaping.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  void add(std::string_view key, std::string_view value) {
    if (!first_) out_ += ',';
    first_ = false;
    out_.append("\"").append(key).append("\":\"").append(value).append("\"");
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

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
  const bool stamped = update != nullptr || shape_.create_timestamp == CreateTimestamp::yes;
  const std::string time = stamped ? base::format_local_millis(now) : std::string();
  return shape_.encoding == kube::Encoding::protobuf ? protobuf(object, update, time)
                                                     : json(object, update, time);
}

void ObjectText::append_annotations(std::string& text, const Update* update, std::string_view time,
                                    std::string_view data) const {
  const bool has_data = shape_.place == DataPlace::annotation;
  if (time.empty() && !has_data) return;
  text += R"(,"annotations":)";
  Members annotations(text);
  if (!time.empty()) annotations.add(update == nullptr ? create_timestamp : update_timestamp, time);
  if (has_data) annotations.add(data_annotation, data);
  if (update != nullptr && shape_.place != DataPlace::data) annotations.add(update_annotation, update->value);
  annotations.close();
}

std::string ObjectText::json(const ObjectKey& object, const Update* update, std::string_view time) const {
  const std::string own = data_ ? std::string() : std::string(sizes_.of(object.number), shape_.filler);
  const std::string& data = data_ ? *data_ : own;
  std::string text;
  text.reserve(start_.size() + object.name.size() + data.size() + 400);
  text.append(start_).append(object.name).append(R"(","namespace":")").append(object.namespace_name);
  if (update != nullptr && !update->resource_version.empty()) {
    text.append(R"(","resourceVersion":")").append(update->resource_version);
  }
  text.append(R"(","labels":{"purpose":"scaletest"})");
  append_annotations(text, update, time, data);
  text += '}';
  if (shape_.place == DataPlace::data) {
    text += R"(,"data":)";
    Members members(text);
    members.add(shape_.data_key, data);
    if (update != nullptr) members.add(update_key, update->value);
    members.close();
  }
  if (shape_.has_spec) text += R"(,"spec":{})";
  text += '}';
  return text;
}

std::string ObjectText::protobuf(const ObjectKey& object, const Update* update, std::string_view time) const {
  const std::string own = data_ ? std::string() : std::string(sizes_.of(object.number), shape_.filler);
  const std::array labels = {kube::TextPair("purpose", "scaletest")};
  std::vector<kube::TextPair> annotations;
  if (!time.empty()) annotations.emplace_back(update == nullptr ? create_timestamp : update_timestamp, time);
  std::vector<kube::TextPair> data = {{shape_.data_key, data_ ? *data_ : own}};
  if (update != nullptr) data.emplace_back(update_key, update->value);
  const std::string_view version = update == nullptr ? std::string_view() : update->resource_version;
  return kube::encode_config_map({object.name, object.namespace_name, labels, annotations, data, version});
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
