#include "k8scale/kube/discovery.h"

#include <fmt/format.h>

#include "k8scale/base/error.h"
#include "k8scale/kube/configuration.h"
#include "kube/json_member.h"

namespace k8scale::kube {
namespace {

using Json = nlohmann::json;

// Nothing when there is no such document.
std::optional<std::string> read_document(net::Shard& shard, Client& client, const std::string& path) {
  Answer answer = shard.run(client.get_path(path));
  if (answer.ok()) return std::move(answer.body);
  if (answer.http_status == 404) return std::nullopt;
  const std::string_view advice =
      answer.http_status == 401 ? "; check the user in the kubeconfig" : std::string_view();
  throw base::Error(fmt::format("{}: cannot read what it serves from {}: {}{}", client.server(), path,
                                answer.error(), advice),
                    configuration_exit_code);
}

}  // namespace

std::string parse_preferred_version(std::string_view json) {
  const Json group = Json::parse(json, nullptr, false);
  return text_member(member(group, "preferredVersion"), "version");
}

std::optional<Resource> parse_resource_list(std::string_view json, const Resource& wanted) {
  const Json list = Json::parse(json, nullptr, false);
  for (const Json& each : member(list, "resources")) {
    if (text_member(each, "name") != wanted.plural) continue;
    Resource found = wanted;
    found.kind = text_member(each, "kind");
    found.namespaced = member(each, "namespaced") == true;
    return found;
  }
  return std::nullopt;
}

std::optional<std::string> preferred_version(net::Shard& shard, Client& client, std::string_view group) {
  const std::optional<std::string> document = read_document(shard, client, fmt::format("/apis/{}", group));
  if (!document) return std::nullopt;
  std::string version = parse_preferred_version(*document);
  if (!version.empty()) return version;
  throw base::Error(fmt::format("{}: /apis/{} names no preferredVersion", client.server(), group),
                    configuration_exit_code);
}

std::optional<Resource> find_resource(net::Shard& shard, Client& client, const Resource& wanted) {
  const std::optional<std::string> document = read_document(shard, client, wanted.root());
  if (!document) return std::nullopt;
  return parse_resource_list(*document, wanted);
}

}  // namespace k8scale::kube
