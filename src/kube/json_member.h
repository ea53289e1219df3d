#pragma once
#include <nlohmann/json.hpp>
#include <string>

/// Reads documents that may be anything: what is absent, or of another type, is null or empty.
namespace k8scale::kube {

inline const nlohmann::json& member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json absent;
  if (!object.is_object()) return absent;
  const auto found = object.find(name);
  return found == object.end() ? absent : *found;
}

inline std::string text_member(const nlohmann::json& object, const char* name) {
  const nlohmann::json& found = member(object, name);
  return found.is_string() ? found.get<std::string>() : std::string();
}

}  // namespace k8scale::kube
