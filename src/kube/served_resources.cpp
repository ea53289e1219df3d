#include "k8scale/kube/served_resources.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace k8scale::kube {
namespace {

using Json = nlohmann::json;

struct GroupVersion {
  std::string group;
  std::string version;
};

// An array in a document; null where that is not as it should be.
const Json* array_in(const Json& document, std::string_view key) {
  const auto found = document.is_object() ? document.find(key) : document.end();
  return found != document.end() && found->is_array() ? &*found : nullptr;
}

bool has(const Json& object, std::string_view key, std::string_view word) {
  const Json* const words = array_in(object, key);
  return words != nullptr && std::find(words->begin(), words->end(), word) != words->end();
}

std::string text_of(const Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// All versions of a group, the one that it prefers first.
std::vector<GroupVersion> versions_of(const Json& group) {
  std::vector<GroupVersion> versions;
  const std::string name = text_of(group, "name");
  const Json* const all = array_in(group, "versions");
  const auto preferred = group.is_object() ? group.find("preferredVersion") : group.end();
  if (preferred != group.end()) versions.push_back({name, text_of(*preferred, "version")});
  for (std::size_t i = 0; all != nullptr && i < all->size(); ++i) {
    const std::string version = text_of((*all)[i], "version");
    if (versions.empty() || version != versions.front().version) versions.push_back({name, version});
  }
  return versions;
}

// What only shows something else, as the metrics of pods, cannot be deleted.
bool is_kept_in_namespaces(const Json& resource) {
  const auto namespaced = resource.is_object() ? resource.find("namespaced") : resource.end();
  const bool in_namespaces = namespaced != resource.end() && *namespaced == true;
  return in_namespaces && has(resource, "verbs", "list") && has(resource, "verbs", "delete");
}

void add_listable(const Json& resources, const GroupVersion& of, ServedResources& served) {
  for (const Json& each : resources) {
    const std::string plural = text_of(each, "name");
    const bool part_of_another = plural.find('/') != std::string::npos;
    const bool known = std::any_of(
        served.listable.begin(), served.listable.end(),
        [&](const Resource& resource) { return resource.group == of.group && resource.plural == plural; });
    if (plural.empty() || part_of_another || known || !is_kept_in_namespaces(each)) continue;
    served.listable.push_back({of.group, of.version, plural, text_of(each, "kind"), true});
  }
}

// The array of a discovery document; nothing when the server does not say, none when it has no such path.
net::Task<std::optional<Json>> array_at(Client& client, std::string path, std::string key,
                                        ServedResources& served) {
  const Answer answer = co_await client.get_path(path);
  std::optional<Json> found;
  if (answer.ok()) {
    const Json document = Json::parse(answer.body, nullptr, false);
    if (const Json* const array = array_in(document, key)) found = *array;
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
