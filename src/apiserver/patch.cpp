#include "patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace k8scale::apiserver {
namespace {

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

// What tells the elements of a list apart: themselves, or their member `key`.
const Json& identity(const Json& element, std::string_view key) {
  return key.empty() ? element : member(element, key);
}

std::size_t place_in(const Json& list, const Json& element, std::string_view key) {
  const auto same = [&](const Json& each) { return identity(each, key) == identity(element, key); };
  return static_cast<std::size_t>(std::find_if(list.begin(), list.end(), same) - list.begin());
}
bool is_in(const Json& list, const Json& element, std::string_view key) {
  return place_in(list, element, key) < list.size();
}

// What the patch names stands in the order of the patch; the rest keeps the order it had, each before the
// first element of the patch that it stood before.
Json in_order(const Json& merged, const Json& patch_order, const Json& former, std::string_view key) {
  Json named = Json::array(), others = Json::array(), all = Json::array();
  for (const Json& each : patch_order) {
    const std::size_t place = place_in(merged, each, key);
    if (place < merged.size() && !is_in(named, each, key)) named.push_back(merged[place]);
  }
  for (const Json& each : merged) {
    if (!is_in(named, each, key)) others.push_back(each);
  }
  auto other = others.begin();
  for (const Json& each : named) {
    const std::size_t place = place_in(former, each, key);
    while (place < former.size() && other != others.end() && place_in(former, *other, key) < place) {
      all.push_back(*other++);
    }
    all.push_back(each);
  }
  all.insert(all.end(), other, others.end());
  return all;
}

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
    for (const auto& [name, value] : members(patch)) {
      if (name == "$patch" || name == "$retainKeys" || name.starts_with(element_order)) continue;
      if (name.starts_with(deleted_elements)) {
        erase_values(target[name.substr(deleted_elements.size())], value);
      } else if (value.is_null()) {
        target.erase(name);
      } else if (value.is_object()) {
        merge(target[name], value);
      } else if (value.is_array()) {
        const auto order = patch.find(std::string(element_order) + name);
        merge_list(target[name], value, name, order == patch.end() ? value : *order);
      } else {
        target[name] = value;
      }
    }
  }

 private:
  static void retain(Json& target, const Json& keys) {
    std::erase_if(target.get_ref<Json::object_t&>(), [&](const auto& each) {
      return std::find(keys.begin(), keys.end(), Json(each.first)) == keys.end();
    });
  }

  static void erase_values(Json& list, const Json& values) {
    if (!list.is_array()) return;
    std::erase_if(list.get_ref<Json::array_t&>(), [&](const Json& each) {
      return std::find(values.begin(), values.end(), each) != values.end();
    });
  }

  void merge_list(Json& target, const Json& patch, std::string_view name, const Json& order) {
    const std::string_view key = merge_key(name);
    const bool replaces = std::any_of(patch.begin(), patch.end(), [](const Json& each) {
      return text_member(each, "$patch") == "replace";
    });
    const bool merges = name == "finalizers" || (!key.empty() && !replaces);
    if (!target.is_array() || !merges) target = Json::array();
    if (!merges) {
      for (const Json& each : patch) {
        if (text_member(each, "$patch").empty()) target.push_back(each);
      }
      return;
    }
    const Json former = target;
    for (const Json& each : patch) {
      if (!key.empty()) {
        merge_element(target.get_ref<Json::array_t&>(), each, key);
      } else if (!is_in(target, each, "")) {
        target.push_back(each);
      }
    }
    target = in_order(target, order, former, key);
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

Refusal unprocessable() {
  Refusal refusal;
  refusal.code = 422;
  refusal.reason = "Invalid";
  refusal.message = "the server rejected our request due to an error in our request";
  return refusal;
}

Refusal undecodable(const Json& found, std::string_view expected) {
  return bad_request(fmt::format("error decoding patch: json: cannot unmarshal {} into Go value of type {}",
                                 go_type(found), expected));
}

Answer<void> apply_json_patch(Json& document, const Json& patch) {
  if (!patch.is_array()) return undecodable(patch, "[]handlers.jsonPatchOp");
  for (const Json& each : patch) {
    if (!each.is_object()) return undecodable(each, "handlers.jsonPatchOp");
  }
  constexpr std::size_t most_operations = 10'000;
  if (patch.size() > most_operations) {
    return too_large(fmt::format("The allowed maximum operations in a JSON patch is {}, got {}",
                                 most_operations, patch.size()));
  }
  try {
    document = document.patch(patch);
    return {};
  } catch (const Json::exception&) {
    return unprocessable();
  }
}

}  // namespace

Answer<std::vector<std::string>> apply_patch(PatchType type, Json& document, std::string_view body) {
  ParsedJson patch = parse_json(body);
  if (!patch.error.empty()) return bad_request("invalid JSON patch");
  if (type == PatchType::json) {
    if (const auto applied = apply_json_patch(document, patch.value); !applied) return applied.error();
    return std::move(patch.duplicate_fields);
  }
  if (!patch.value.is_object()) {
    return bad_request(
        fmt::format("{}json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    type == PatchType::merge ? "error decoding patch: " : "", go_type(patch.value)));
  }
  if (type == PatchType::merge) {
    document.merge_patch(patch.value);
  } else {
    StrategicMerge().merge(document, patch.value);
  }
  return std::move(patch.duplicate_fields);
}

}  // namespace k8scale::apiserver
