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

struct MadeNamespace {
  std::string name;
  std::string run_id;
};

// Nothing when the namespace is not to be removed.
std::optional<MadeNamespace> wanted_one(const Json& each, const NamespacesToClean& wanted) {
  const Json& metadata = each.at("metadata");
  const Json annotations = metadata.value("annotations", Json::object());
  const auto run = annotations.find(load::run_annotation);
  if (run == annotations.end() || metadata.contains("deletionTimestamp")) return std::nullopt;
  MadeNamespace made{metadata.at("name").get<std::string>(), run->get<std::string>()};
  if (!wanted.run_id.empty() && made.run_id != wanted.run_id) return std::nullopt;
  const bool among = wanted.among.empty() ||
                     std::find(wanted.among.begin(), wanted.among.end(), made.name) != wanted.among.end();
  return among ? std::optional(std::move(made)) : std::nullopt;
}

// Nothing when the text is no list.
std::optional<std::vector<MadeNamespace>> made_in(const std::string& list, const NamespacesToClean& wanted) {
  try {
    std::vector<MadeNamespace> all;
    const Json parsed = Json::parse(list);
    for (const Json& each : parsed.at("items")) {
      if (auto made = wanted_one(each, wanted)) all.push_back(*std::move(made));
    }
    return all;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

net::Task<void> clean_one(kube::Client& client, const kube::ServedResources& served,
                          const MadeNamespace& made, const NamespacesToClean& wanted,
                          load::CleanupResult& result) {
  ++result.found;
  if (wanted.stopped()) {
    result.left.push_back({"", made.name, ""});
    co_return;
  }
  const std::function<bool(std::string_view)> is_ours = [&](std::string_view object) {
    return load::is_name_of_run(object, made.run_id);
  };
  std::string why = co_await load::what_holds_namespace(client, served, made.name, is_ours);
  const bool held = !why.empty();
  if (wanted.dry_run && held) why = "stays: " + why;
  const bool stays = wanted.dry_run || held || wanted.stopped();
  if (!stays) {
    const kube::Collection namespaces(kube::namespaces(), "");
    const kube::AttemptObserver nobody;
    const std::string options;
    const kube::Answer removed = co_await client.remove(namespaces, made.name, options, nobody);
    const bool gone = removed.ok() || removed.not_found();
    if (gone) {
      if (result.first_removed.size() < load::most_first_removed) result.first_removed.push_back(made.name);
      co_return;
    }
    why = removed.error();
  }
  result.left.push_back({"", made.name, why});
}

}  // namespace

net::Task<void> clean_namespaces(kube::Client& client, const NamespacesToClean& wanted,
                                 load::CleanupResult& result) {
  const kube::Collection namespaces(kube::namespaces(), "");
  const std::string query = "labelSelector=" + base::percent_encode(std::string(label_selector));
  const kube::AttemptObserver nobody;
  const kube::Answer listed = co_await client.list(namespaces, query, nobody);
  const bool refused = listed.http_status >= 400 && listed.http_status < 500;
  if (refused) co_return;
  std::optional<std::vector<MadeNamespace>> all;
  if (listed.ok()) all = made_in(listed.body, wanted);
  if (!all) {
    result.doubt = "it could not be listed: " + (listed.ok() ? "the answer is no list" : listed.error());
    co_return;
  }
  if (all->empty()) co_return;
  const kube::ServedResources served = co_await kube::served_resources(client);
  for (const MadeNamespace& each : *all) co_await clean_one(client, served, each, wanted, result);
}

}  // namespace k8scale::subcommands
