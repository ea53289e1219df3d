#include "discover.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "k8scale/base/error.h"
#include "observe_flags.h"

namespace k8scale::subcommands {
namespace {

using Json = nlohmann::json;

std::optional<kube::Resource> find_resource(const Json& resource_list, std::string_view group,
                                            std::string_view version, std::string_view plural) {
  if (!resource_list.is_object() || !resource_list.contains("resources")) return std::nullopt;
  for (const Json& each : resource_list["resources"]) {
    if (!each.is_object() || each.value("name", "") != plural) continue;
    return kube::Resource{std::string(group), std::string(version), std::string(plural),
                          each.value("kind", ""), each.value("namespaced", true)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<kube::Resource> discover(net::Shard& shard, kube::Client& client, std::string_view group,
                                       std::string_view version, std::string_view plural) {
  const std::string path =
      group.empty() ? fmt::format("/api/{}", version) : fmt::format("/apis/{}/{}", group, version);
  const kube::Answer answer = shard.run(client.get_path(path));
  if (answer.http_status == 404) return std::nullopt;
  if (!answer.ok()) {
    throw base::Error(fmt::format("{}{}: {}", client.server(), path, answer.error()),
                      kube::configuration_exit_code);
  }
  return find_resource(Json::parse(answer.body, nullptr, false), group, version, plural);
}

kube::Resource discover_named(net::Shard& shard, kube::Client& client, std::string_view text) {
  const kube::Resource wanted = parse_resource(std::string(text));
  const auto found = discover(shard, client, wanted.group, wanted.version, wanted.plural);
  if (!found) {
    throw base::Error(fmt::format("--resource: {} has no {}", client.server(), text),
                      kube::configuration_exit_code);
  }
  if (!found->namespaced) {
    throw base::Error(
        fmt::format("--resource: found {}, which is in no namespace; expected one that is", text));
  }
  return *found;
}

}  // namespace k8scale::subcommands
