#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "k8scale/net/http.h"
#include "media_type.h"
#include "refusal.h"

namespace k8scale::apiserver {

enum class Verb { get, list, watch, create, update, patch, remove, remove_collection };
/// As RBAC and --fault spell it: "get", "deletecollection", …
[[nodiscard]] std::string_view name(Verb verb);
[[nodiscard]] std::optional<Verb> verb_of(std::string_view name);

/// A request for objects, read from its path, query and head.
struct Call {
  Verb verb = Verb::get;
  const ResourceInfo* resource = nullptr;
  std::string namespace_name;  ///< empty: all of them, or a cluster-scoped resource
  std::string name;            ///< empty: the collection
  View view = View::object;
  Encoding encoding = Encoding::json;
  bool takes_gzip = false;
  std::vector<std::pair<std::string, std::string>> query;
  std::string_view body;
  std::string_view content_type;  ///< without parameters

  /// "" when it is absent.
  [[nodiscard]] std::string_view option(std::string_view name) const;
  [[nodiscard]] bool has_option(std::string_view name) const;
  /// A boolean as kube-apiserver reads it: true when it is there and neither "0" nor "false".
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] bool dry_run() const { return option("dryRun") == "All"; }
};

/// The parts of the path of a request for objects.
struct CallPath {
  const ResourceInfo* resource = nullptr;
  std::string namespace_name;
  std::string name;
  bool has_subresource = false;
};
[[nodiscard]] CallPath read_path(const ResourceTable& table, std::string_view path);

/// Reads the request; refuses with 404, 405, 406 or 415 what is not served.
[[nodiscard]] Answer<Call> read_call(const ResourceTable& table, const net::Request& request);

}  // namespace k8scale::apiserver
