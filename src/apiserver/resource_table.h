#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "k8scale/kube/resource.h"

namespace k8scale::apiserver {

/// A resource and how this server treats it. Everything that depends on the kind starts from this table.
struct ResourceInfo : kube::Resource {
  std::string singular;
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  std::string deprecation;              ///< what every answer warns of; empty: nothing
  bool builtin = false;                 ///< has a schema, so fields are checked and protobuf bodies are read
  bool strategic = true;                ///< strategic merge patches are served
  bool deletes_collection = true;       ///< namespaces cannot be deleted all at once
  bool counts_generation = false;       ///< metadata.generation follows the spec
  bool needs_version = false;           ///< an update must say which version it replaces
  bool creates_on_update = false;       ///< an update of what does not exist creates it
  std::vector<std::string> selectable;  ///< field selectors beside metadata.name and metadata.namespace

  /// Whether its objects have a protobuf form: what comes from custom resources or sample-apiserver has none.
  [[nodiscard]] bool has_protobuf() const { return builtin && group != "wardle.example.com"; }
  /// "configmaps", "flunders.wardle.example.com".
  [[nodiscard]] std::string qualified() const { return group.empty() ? plural : plural + "." + group; }
};

class ResourceTable {
 public:
  /// The built-in resources and `extra`. Throws base::Error when two have the same path.
  explicit ResourceTable(const std::vector<kube::Resource>& extra);

  [[nodiscard]] const ResourceInfo* find(std::string_view group, std::string_view version,
                                         std::string_view plural) const;
  [[nodiscard]] std::span<const ResourceInfo> all() const { return resources_; }
  [[nodiscard]] const ResourceInfo& namespaces() const { return resources_.front(); }
  [[nodiscard]] std::size_t index_of(const ResourceInfo& resource) const {
    return static_cast<std::size_t>(&resource - resources_.data());
  }

 private:
  std::vector<ResourceInfo> resources_;
};

}  // namespace k8scale::apiserver
