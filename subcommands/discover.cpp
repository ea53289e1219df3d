#include "discover.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "k8scale/base/error.h"

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

// The body of a discovery document; nothing when the server has no such path.
std::optional<Json> get_document(net::Shard& shard, kube::Client& client, const std::string& path) {
  const kube::Answer answer = shard.run(client.get_path(path));
  if (answer.not_found()) return std::nullopt;
  if (!answer.ok()) {
    throw base::Error(fmt::format("{}{}: {}", client.server(), path, answer.error()),
                      kube::configuration_exit_code);
  }
  return Json::parse(answer.body, nullptr, false);
}

// As the server ranks them.
std::vector<std::string> versions_of(const Json& group) {
  std::vector<std::string> versions;
  if (!group.is_object() || !group.contains("versions")) return versions;
  for (const Json& each : group["versions"]) {
    if (each.is_object()) versions.push_back(each.value("version", ""));
  }
  return versions;
}

}  // namespace

std::optional<kube::Resource> discover(net::Shard& shard, kube::Client& client, std::string_view group,
                                       std::string_view version, std::string_view plural) {
  const std::string path =
      group.empty() ? fmt::format("/api/{}", version) : fmt::format("/apis/{}/{}", group, version);
  const std::optional<Json> resources = get_document(shard, client, path);
  return resources ? find_resource(*resources, group, version, plural) : std::nullopt;
}

std::optional<kube::Resource> discover_flunders(net::Shard& shard, kube::Client& client,
                                                std::string_view group) {
  const kube::Resource usual = kube::flunders();
  if (auto found = discover(shard, client, group, usual.version, usual.plural)) return found;
  const std::optional<Json> document = get_document(shard, client, fmt::format("/apis/{}", group));
  if (!document) return std::nullopt;
  for (const std::string& version : versions_of(*document)) {
    if (version == usual.version) continue;
    if (auto found = discover(shard, client, group, version, usual.plural)) return found;
  }
  return std::nullopt;
}

std::optional<kube::Resource> discover_flunders(net::Shard& shard, kube::Client& client) {
  for (const std::string_view group : flunder_groups) {
    if (auto found = discover_flunders(shard, client, group)) return found;
  }
  return std::nullopt;
}

kube::Resource likely_flunders(net::Shard& shard, kube::Client& client) {
  try {
    return discover_flunders(shard, client).value_or(kube::flunders());
  } catch (const base::Error&) {  // told where they are looked at
    return kube::flunders();
  }
}

kube::Resource observed_resource(const ObserveFlags& flags, const kube::Configuration& configuration,
                                 const std::shared_ptr<kube::Credentials>& credentials,
                                 std::string_view user_agent) {
  if (flags.unnamed == Unnamed::refused || !flags.resource.empty()) return parse_resource(flags.resource);
  net::Shard shard("start");
  kube::ClientOptions options;
  options.user_agent = user_agent;
  options.retries = 0;
  kube::Client client(shard, configuration, credentials, options);
  const net::StopFirst stop_first(shard);
  return likely_flunders(shard, client);
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
