#pragma once
#include <string>

/// How a kind of object is spelled on the wire. Data only: the one header that `apiserver` shares with
/// `kube`.
namespace k8scale::kube {

struct Resource {
  std::string group;  ///< empty for the core group
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;

  /// "v1" or "group/version".
  [[nodiscard]] std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  [[nodiscard]] bool is_config_maps() const { return group.empty() && plural == "configmaps"; }
  /// "/api/v1" or "/apis/group/version".
  [[nodiscard]] std::string root() const { return (group.empty() ? "/api/" : "/apis/") + api_version(); }
};

inline Resource namespaces() { return {"", "v1", "namespaces", "Namespace", false}; }
inline Resource config_maps() { return {"", "v1", "configmaps", "ConfigMap", true}; }
inline Resource endpoints() { return {"", "v1", "endpoints", "Endpoints", true}; }
inline Resource endpoint_slices() {
  return {"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true};
}
inline Resource flunders() { return {"wardle.example.com", "v1alpha1", "flunders", "Flunder", true}; }

}  // namespace k8scale::kube
