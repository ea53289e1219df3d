#include "k8scale/kube/served_resources.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "kube/json_member.h"

namespace k8scale::kube {
namespace {

using Json = nlohmann::json;

struct GroupVersion {
  std::string group;
  std::string version;
};

bool has_verb(const Json& resource, std::string_view verb) {
  const Json& verbs = member(resource, "verbs");
  return verbs.is_array() && std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

// All versions of a group, the one that it prefers first.
std::vector<GroupVersion> versions_of(const Json& group) {
  std::vector<GroupVersion> versions;
  const std::string name = text_member(group, "name");
  const Json& preferred = member(group, "preferredVersion");
  if (!preferred.is_null()) versions.push_back({name, text_member(preferred, "version")});
  const Json& all = member(group, "versions");
  for (std::size_t i = 0; all.is_array() && i < all.size(); ++i) {
    const std::string version = text_member(all[i], "version");
    if (versions.empty() || version != versions.front().version) versions.push_back({name, version});
  }
  return versions;
}

// What only shows something else, as the metrics of pods, cannot be deleted.
bool is_kept_in_namespaces(const Json& resource) {
  return member(resource, "namespaced") == true && has_verb(resource, "list") && has_verb(resource, "delete");
}

void add_listable(const Json& resources, const GroupVersion& of, ServedResources& served) {
  for (const Json& each : resources) {
    const std::string plural = text_member(each, "name");
    const bool part_of_another = plural.find('/') != std::string::npos;
    const bool known = std::any_of(
        served.listable.begin(), served.listable.end(),
        [&](const Resource& resource) { return resource.group == of.group && resource.plural == plural; });
    if (plural.empty() || part_of_another || known || !is_kept_in_namespaces(each)) continue;
    served.listable.push_back({of.group, of.version, plural, text_member(each, "kind"), true});
  }
}

// The array of a discovery document; nothing when the server does not say, none when it has no such path.
net::Task<std::optional<Json>> array_at(Client& client, std::string path, const char* key,
                                        ServedResources& served) {
  const Answer answer = co_await client.get_path(path);
  std::optional<Json> found;
  if (answer.ok()) {
    const Json document = Json::parse(answer.body, nullptr, false);
    const Json& array = member(document, key);
    if (array.is_array()) found = array;
    if (!found) served.unknown.push_back(path + ": found no " + key);
  } else if (answer.not_found()) {
    found = Json::array();
  } else {
    served.unknown.push_back(path + ": " + answer.error());
  }
  co_return std::move(found);
}

}  // namespace

net::Task<ServedResources> served_resources(Client& client) {
  ServedResources served;
  std::vector<GroupVersion> all = {{"", "v1"}};
  const std::optional<Json> groups = co_await array_at(client, "/apis", "groups", served);
  for (std::size_t i = 0; groups && i < groups->size(); ++i) {
    const std::vector<GroupVersion> versions = versions_of((*groups)[i]);
    if (versions.empty()) served.unknown.push_back("/apis: a group without versions");
    all.insert(all.end(), versions.begin(), versions.end());
  }
  for (const GroupVersion& each : all) {
    const Resource any{each.group, each.version, "", "", true};
    const std::optional<Json> resources = co_await array_at(client, any.root(), "resources", served);
    if (resources) add_listable(*resources, each, served);
  }
  co_return std::move(served);
}

}  // namespace k8scale::kube
