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

// The elements of an array in a document; none where that is not as it should be.
const Json& elements(const Json& document, std::string_view key) {
  static const Json none = Json::array();
  const auto found = document.is_object() ? document.find(key) : document.end();
  return found != document.end() && found->is_array() ? *found : none;
}

std::string text_of(const Json& object, std::string_view key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<GroupVersion> preferred_versions(const Json& groups) {
  std::vector<GroupVersion> preferred;
  for (const Json& each : elements(groups, "groups")) {
    const auto version = each.is_object() ? each.find("preferredVersion") : each.end();
    if (version == each.end()) continue;
    preferred.push_back({text_of(each, "name"), text_of(*version, "version")});
  }
  return preferred;
}

void add_listable(const Json& document, const GroupVersion& of, ServedResources& served) {
  for (const Json& each : elements(document, "resources")) {
    const std::string plural = text_of(each, "name");
    const Json& verbs = elements(each, "verbs");
    const bool part_of_another = plural.find('/') != std::string::npos;
    const bool lists = std::find(verbs.begin(), verbs.end(), "list") != verbs.end();
    const auto namespaced = each.is_object() ? each.find("namespaced") : each.end();
    const bool in_namespaces = namespaced != each.end() && *namespaced == true;
    if (plural.empty() || part_of_another || !lists || !in_namespaces) continue;
    served.listable.push_back({of.group, of.version, plural, text_of(each, "kind"), true});
  }
}

// Nothing when the server does not say; a server without such a path has nothing there.
net::Task<std::optional<Json>> document_at(Client& client, std::string path, ServedResources& served) {
  const Answer answer = co_await client.get_path(path);
  std::optional<Json> document;
  if (answer.ok()) {
    document = Json::parse(answer.body, nullptr, false);
  } else if (!answer.not_found()) {
    served.unknown.push_back(path + ": " + answer.error());
  }
  co_return std::move(document);
}

}  // namespace

net::Task<ServedResources> served_resources(Client& client) {
  ServedResources served;
  std::vector<GroupVersion> versions = {{"", "v1"}};
  const std::optional<Json> groups = co_await document_at(client, "/apis", served);
  if (groups) {
    const std::vector<GroupVersion> preferred = preferred_versions(*groups);
    versions.insert(versions.end(), preferred.begin(), preferred.end());
  }
  for (const GroupVersion& each : versions) {
    const Resource any{each.group, each.version, "", "", true};
    const std::optional<Json> document = co_await document_at(client, any.root(), served);
    if (document) add_listable(*document, each, served);
  }
  co_return std::move(served);
}

}  // namespace k8scale::kube
