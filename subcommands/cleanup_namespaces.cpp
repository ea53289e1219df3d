#include "cleanup_namespaces.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "driver_namespace.h"
#include "k8scale/base/text.h"
#include "k8scale/load/namespace_content.h"
#include "k8scale/load/run_namespace.h"

namespace k8scale::subcommands {
namespace {

using Json = nlohmann::json;

bool is_wanted(const Json& each, const std::string& name, const NamespacesToClean& wanted) {
  const Json& metadata = each.at("metadata");
  const Json annotations = metadata.value("annotations", Json::object());
  const auto run = annotations.find(load::run_annotation);
  if (run == annotations.end() || metadata.contains("deletionTimestamp")) return false;
  if (!wanted.run_id.empty() && *run != wanted.run_id) return false;
  return wanted.among.empty() ||
         std::find(wanted.among.begin(), wanted.among.end(), name) != wanted.among.end();
}

// Nothing when the text is no list.
std::optional<std::vector<std::string>> names_in(const std::string& list, const NamespacesToClean& wanted) {
  try {
    std::vector<std::string> names;
    const Json parsed = Json::parse(list);
    for (const Json& each : parsed.at("items")) {
      std::string name = each.at("metadata").at("name").get<std::string>();
      if (is_wanted(each, name, wanted)) names.push_back(std::move(name));
    }
    return names;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

net::Task<void> clean_one(kube::Client& client, const kube::ServedResources& served, const std::string& name,
                          const NamespacesToClean& wanted, load::CleanupResult& result) {
  // What is ours is gone by now, or would be.
  const std::function<bool(std::string_view)> is_ours = [&](std::string_view object) {
    if (!wanted.dry_run) return false;
    return wanted.run_id.empty() ? load::is_name_of_any_run(object)
                                 : load::is_name_of_run(object, wanted.run_id);
  };
  std::string why = co_await load::what_holds_namespace(client, served, name, is_ours);
  const bool would_stay = wanted.dry_run && !why.empty();
  if (would_stay) co_return;
  ++result.found;
  const bool stays = wanted.dry_run || !why.empty() || wanted.stopped();
  if (!stays) {
    const kube::Collection namespaces(kube::namespaces(), "");
    const kube::AttemptObserver nobody;
    const std::string options;
    const kube::Answer removed = co_await client.remove(namespaces, name, options, nobody);
    const bool gone = removed.ok() || removed.not_found();
    if (gone) {
      if (result.first_removed.size() < load::most_first_removed) result.first_removed.push_back(name);
      co_return;
    }
    why = removed.error();
  }
  result.left.push_back({"", name, why});
}

}  // namespace

net::Task<load::CleanupResult> clean_namespaces(kube::Client& client, const NamespacesToClean& wanted) {
  load::CleanupResult result;
  const kube::Collection namespaces(kube::namespaces(), "");
  const std::string query = "labelSelector=" + base::percent_encode(std::string(label_selector));
  const kube::AttemptObserver nobody;
  const kube::Answer listed = co_await client.list(namespaces, query, nobody);
  const bool refused = listed.http_status >= 400 && listed.http_status < 500;
  if (refused) co_return std::move(result);
  std::optional<std::vector<std::string>> names;
  if (listed.ok()) names = names_in(listed.body, wanted);
  if (!names) {
    result.doubt = "it could not be listed: " + (listed.ok() ? "the answer is no list" : listed.error());
    co_return std::move(result);
  }
  if (names->empty()) co_return std::move(result);
  const kube::ServedResources served = co_await kube::served_resources(client);
  for (const std::string& each : *names) co_await clean_one(client, served, each, wanted, result);
  co_return std::move(result);
}

}  // namespace k8scale::subcommands
