#include "documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "k8scale/base/text.h"
#include "reviews.h"

namespace k8scale::apiserver {
namespace {

// The release whose behaviour is served.
constexpr std::string_view git_version = "v1.37.0+k8scale";

constexpr std::array<std::string_view, 3> health_roots = {"/healthz", "/livez", "/readyz"};
constexpr std::string_view ping = "/ping";

Json version() {
  return {{"major", "1"},    {"minor", "37"},           {"gitVersion", git_version},
          {"gitCommit", ""}, {"gitTreeState", "clean"}, {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", ""}, {"compiler", "g++"},       {"platform", "linux/amd64"}};
}

Json verbs_of(const ResourceInfo& resource) {
  Json verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
  if (resource.deletes_collection) verbs.insert(verbs.begin() + 2, "deletecollection");
  return verbs;
}

Json resource_list(const ResourceTable& table, std::string_view group, std::string_view version) {
  Json resources = Json::array();
  for (const ResourceInfo& each : table.all()) {
    if (each.group != group || each.version != version) continue;
    Json entry = {{"name", each.plural},
                  {"singularName", each.singular},
                  {"namespaced", each.namespaced},
                  {"kind", each.kind},
                  {"verbs", verbs_of(each)}};
    if (!each.short_names.empty()) entry["shortNames"] = each.short_names;
    if (!each.categories.empty()) entry["categories"] = each.categories;
    resources.push_back(std::move(entry));
  }
  for (const ReviewKind& each : review_kinds()) {
    if (each.group != group || version != review_version) continue;
    resources.push_back({{"name", each.plural},
                         {"singularName", base::lower(each.kind)},
                         {"namespaced", false},
                         {"kind", each.kind},
                         {"verbs", {"create"}}});
  }
  const std::string name = group.empty() ? std::string(version) : fmt::format("{}/{}", group, version);
  return {
      {"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", name}, {"resources", resources}};
}

std::vector<std::string> versions_of(const ResourceTable& table, std::string_view group) {
  std::vector<std::string> versions;
  for (const ResourceInfo& each : table.all()) {
    if (each.group != group) continue;
    if (std::find(versions.begin(), versions.end(), each.version) == versions.end())
      versions.push_back(each.version);
  }
  for (const ReviewKind& each : review_kinds()) {
    if (each.group == group && versions.empty()) versions.emplace_back(review_version);
  }
  return versions;
}

Json group_entry(const ResourceTable& table, const std::string& group) {
  Json versions = Json::array();
  for (const std::string& version : versions_of(table, group)) {
    versions.push_back({{"groupVersion", fmt::format("{}/{}", group, version)}, {"version", version}});
  }
  Json preferred = versions.front();
  return {{"name", group}, {"versions", std::move(versions)}, {"preferredVersion", std::move(preferred)}};
}

std::set<std::string> groups_of(const ResourceTable& table) {
  std::set<std::string> groups;
  for (const ResourceInfo& each : table.all()) {
    if (!each.group.empty()) groups.insert(each.group);
  }
  for (const ReviewKind& each : review_kinds()) groups.emplace(each.group);
  return groups;
}

Json group_list(const ResourceTable& table) {
  Json groups = Json::array();
  for (const std::string& group : groups_of(table)) groups.push_back(group_entry(table, group));
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(groups)}};
}

Json core_versions(const ResourceTable& table, std::string_view server_address) {
  return {{"kind", "APIVersions"},
          {"versions", versions_of(table, "")},
          {"serverAddressByClientCIDRs",
           Json::array({{{"clientCIDR", "0.0.0.0/0"}, {"serverAddress", server_address}}})}};
}

// "api/v1", "apis/wardle.example.com/v1alpha1".
std::set<std::string> roots_of(const ResourceTable& table) {
  std::set<std::string> roots;
  for (const ResourceInfo& each : table.all()) roots.insert(each.root().substr(1));
  for (const ReviewKind& each : review_kinds()) {
    roots.insert(fmt::format("apis/{}/{}", each.group, review_version));
  }
  return roots;
}

// What is served, but for the objects.
Json root_paths(const ResourceTable& table) {
  std::set<std::string> paths = {"/api", "/apis", "/apis/", "/openapi/v2", "/openapi/v3", "/version"};
  for (const std::string_view health : health_roots) {
    paths.emplace(health);
    paths.insert(std::string(health).append(ping));
  }
  for (const std::string& group : groups_of(table)) paths.insert("/apis/" + group);
  for (const std::string& root : roots_of(table)) paths.insert("/" + root);
  return {{"paths", paths}};
}

Json openapi_v3_index(const ResourceTable& table) {
  Json paths = Json::object();
  for (const std::string& root : roots_of(table))
    paths[root] = {{"serverRelativeURL", "/openapi/v3/" + root}};
  return {{"paths", std::move(paths)}};
}

Json query_parameter(std::string_view name) {
  return {{"name", name}, {"in", "query"}, {"schema", {{"type", "string"}, {"uniqueItems", true}}}};
}

Json operation(const ResourceInfo& resource, std::string_view action) {
  Json::array_t parameters;
  for (const std::string_view name : {"dryRun", "fieldManager", "fieldValidation"}) {
    parameters.push_back(query_parameter(name));
  }
  return {{"operationId",
           fmt::format("{}{}{}", action, base::split(resource.version, '.').front(), resource.kind)},
          {"parameters", std::move(parameters)},
          {"responses", {{"200", {{"description", "OK"}}}}},
          {"x-kubernetes-action", action},
          {"x-kubernetes-group-version-kind",
           {{"group", resource.group}, {"version", resource.version}, {"kind", resource.kind}}}};
}

std::string collection_path(const ResourceInfo& resource) {
  return resource.root() + (resource.namespaced ? "/namespaces/{namespace}/" : "/") + resource.plural;
}

Json write_paths(const ResourceTable& table, std::string_view root) {
  Json paths = Json::object();
  for (const ResourceInfo& each : table.all()) {
    if (!root.empty() && each.root() != root) continue;
    const std::string collection = collection_path(each);
    paths[collection] = {{"post", operation(each, "post")}};
    paths[collection + "/{name}"] = {{"put", operation(each, "put")}, {"patch", operation(each, "patch")}};
  }
  return paths;
}

Json information() { return {{"title", "Kubernetes"}, {"version", git_version}}; }

Json openapi_v3(const ResourceTable& table, std::string_view root) {
  return {{"openapi", "3.0.0"},
          {"info", information()},
          {"paths", write_paths(table, root)},
          {"components", {{"schemas", Json::object()}}}};
}

Json openapi_v2(const ResourceTable& table) {
  return {{"swagger", "2.0"},
          {"info", information()},
          {"paths", write_paths(table, "")},
          {"definitions", Json::object()}};
}

}  // namespace

std::string openapi_v2_protobuf() {
  const auto text_field = [](int number, std::string_view text) {
    return fmt::format("{}{}{}", static_cast<char>(number << 3 | 2), static_cast<char>(text.size()), text);
  };
  const std::string info = text_field(1, "Kubernetes") + text_field(2, git_version);
  return text_field(1, "2.0") + text_field(2, info);
}

bool is_health_path(std::string_view path) {
  for (const std::string_view root : health_roots) {
    if (path == root || (path.starts_with(root) && path.substr(root.size()) == ping)) return true;
  }
  return false;
}

std::optional<Json> document_at(const ResourceTable& table, std::string_view path,
                                std::string_view server_address) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/" || path == "/index.html") return root_paths(table);
  if (path == "/version") return version();
  if (path == "/api") return core_versions(table, server_address);
  if (path == "/apis") return group_list(table);
  if (path == "/openapi/v2") return openapi_v2(table);
  if (path == "/openapi/v3") return openapi_v3_index(table);
  constexpr std::string_view openapi = "/openapi/v3";
  const std::set<std::string> roots = roots_of(table);
  const bool wants_openapi = path.starts_with("/openapi/v3/");
  const std::string_view root = wants_openapi ? path.substr(openapi.size()) : path;
  if (root.size() > 1 && roots.contains(std::string(root.substr(1)))) {
    if (wants_openapi) return openapi_v3(table, root);
    const std::vector<std::string> parts = base::split(root.substr(1), '/');
    return parts.size() == 2 ? resource_list(table, "", parts[1]) : resource_list(table, parts[1], parts[2]);
  }
  constexpr std::string_view groups = "/apis/";
  if (!path.starts_with(groups)) return std::nullopt;
  const std::string group(path.substr(groups.size()));
  if (!groups_of(table).contains(group)) return std::nullopt;
  Json entry = group_entry(table, group);
  entry["kind"] = "APIGroup";
  entry["apiVersion"] = "v1";
  return entry;
}

}  // namespace k8scale::apiserver
