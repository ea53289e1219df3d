#include "patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace k8scale::apiserver {
namespace {

std::string_view go_name(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_number()) return "number";
  if (value.is_boolean()) return "bool";
  return value.is_array() ? "array" : "object";
}

// The merge key of a list, by the list's name, in the kinds that this server knows.
std::string_view merge_key(std::string_view list) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> keys = {
      {{"ports", "port"}, {"conditions", "type"}, {"ownerReferences", "uid"}}};
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& each) { return each.first == list; });
  return found == keys.end() ? "" : found->second;
}

constexpr std::string_view deleted_elements = "$deleteFromPrimitiveList/";
constexpr std::string_view element_order = "$setElementOrder/";

class StrategicMerge {
 public:
  void merge(Json& target, const Json& patch) {
    const std::string_view directive = text_member(patch, "$patch");
    if (!target.is_object() || directive == "replace") target = Json::object();
    if (directive == "delete") {
      target = Json::object();
      return;
    }
    if (patch.contains("$retainKeys")) retain(target, patch["$retainKeys"]);
    for (const auto& [name, value] : patch.items()) {
      if (name == "$patch" || name == "$retainKeys" || name.starts_with(element_order)) continue;
      if (name.starts_with(deleted_elements)) {
        erase_values(target[name.substr(deleted_elements.size())], value);
      } else if (value.is_null()) {
        target.erase(name);
      } else if (value.is_object()) {
        merge(target[name], value);
      } else if (value.is_array()) {
        merge_list(target[name], value, name);
      } else {
        target[name] = value;
      }
    }
  }

 private:
  static void retain(Json& target, const Json& keys) {
    auto& members = target.get_ref<Json::object_t&>();
    std::erase_if(members, [&](const auto& each) {
      return std::find(keys.begin(), keys.end(), Json(each.first)) == keys.end();
    });
  }

  static void erase_values(Json& list, const Json& values) {
    if (!list.is_array()) return;
    std::erase_if(list.get_ref<Json::array_t&>(), [&](const Json& each) {
      return std::find(values.begin(), values.end(), each) != values.end();
    });
  }

  void merge_list(Json& target, const Json& patch, std::string_view name) {
    const std::string_view key = merge_key(name);
    const bool replaces = std::any_of(patch.begin(), patch.end(), [](const Json& each) {
      return text_member(each, "$patch") == "replace";
    });
    if (name == "finalizers") return unite(target, patch);
    if (key.empty() || replaces) {
      target = Json::array();
      for (const Json& each : patch) {
        if (text_member(each, "$patch").empty()) target.push_back(each);
      }
      return;
    }
    if (!target.is_array()) target = Json::array();
    for (const Json& each : patch) merge_element(target.get_ref<Json::array_t&>(), each, key);
  }

  static void unite(Json& target, const Json& patch) {
    if (!target.is_array()) target = Json::array();
    for (const Json& each : patch) {
      if (std::find(target.begin(), target.end(), each) == target.end()) target.push_back(each);
    }
  }

  void merge_element(Json::array_t& target, const Json& patch, std::string_view key) {
    const auto same = std::find_if(target.begin(), target.end(),
                                   [&](const Json& each) { return member(each, key) == member(patch, key); });
    if (text_member(patch, "$patch") == "delete") {
      if (same != target.end()) target.erase(same);
    } else if (same != target.end()) {
      merge(*same, patch);
    } else {
      merge(target.emplace_back(Json::object()), patch);
    }
  }
};

Answer<void> apply_json_patch(Json& document, const Json& patch) {
  if (!patch.is_array()) {
    return bad_request(fmt::format(
        "error decoding patch: json: cannot unmarshal {} into Go value of type []handlers.jsonPatchOp",
        go_name(patch)));
  }
  try {
    document = document.patch(patch);
    return {};
  } catch (const Json::exception&) {
    Refusal refusal;
    refusal.code = 422;
    refusal.reason = "Invalid";
    refusal.message = "the server rejected our request due to an error in our request";
    return refusal;
  }
}

}  // namespace

Answer<void> apply_patch(PatchType type, Json& document, std::string_view body) {
  const ParsedJson patch = parse_json(body);
  if (!patch.error.empty()) {
    return bad_request(type == PatchType::json    ? "invalid JSON patch"
                       : type == PatchType::merge ? "invalid JSON merge patch: " + patch.error
                                                  : patch.error);
  }
  if (type == PatchType::json) return apply_json_patch(document, patch.value);
  if (!patch.value.is_object()) {
    return bad_request(
        fmt::format("{}json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    type == PatchType::merge ? "error decoding patch: " : "", go_name(patch.value)));
  }
  if (type == PatchType::merge) {
    document.merge_patch(patch.value);
  } else {
    StrategicMerge().merge(document, patch.value);
  }
  return {};
}

}  // namespace k8scale::apiserver
