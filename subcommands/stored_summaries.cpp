#include "stored_summaries.h"

#include <fmt/format.h>

#include <utility>

#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "k8scale/base/text.h"
#include "k8scale/kube/configuration.h"
#include "k8scale/measure/summary_read.h"

namespace k8scale::subcommands {
namespace {

constexpr const char* data_key = "summary.json";
constexpr std::size_t most_bytes = 1 << 20;  // of a ConfigMap's data
constexpr int most_tries = 5;

kube::Collection config_maps() { return {kube::config_maps(), namespace_name}; }

std::string name_of(std::string_view run_id, std::uint64_t part) {
  return fmt::format("{}-summary-{}", run_id, part);
}

// A connection that breaks must not cost what a run has found out.
net::Task<kube::Answer> create(kube::Client& client, std::string name, std::string text) {
  const kube::Collection collection = config_maps();
  const kube::AttemptObserver nobody;
  kube::Answer answer;
  for (int tries = 1; tries <= most_tries; ++tries) {
    answer = co_await client.create(collection, name, text, {}, nobody);
    const bool lost_the_answer = tries > 1 && answer.http_status == 409;  // and not what was sent
    if (lost_the_answer) answer.status.reset();
    if (!answer.failure) break;
    co_await net::sleep_for(std::chrono::seconds(1));
  }
  co_return answer;
}

}  // namespace

void check_not_stored(net::Shard& shard, kube::Client& client, std::string_view run_id, std::uint64_t part) {
  const std::string name = name_of(run_id, part);
  const kube::Collection collection = config_maps();
  const kube::Answer found = shard.run(client.get(collection, name));
  if (found.http_status == 404) return;
  if (!found.ok()) throw base::Error("--store-summary: " + found.error(), kube::configuration_exit_code);
  throw base::Error(
      fmt::format("--store-summary: part {} of run {} has a summary already: another -runid is needed, or "
                  "kubectl delete configmap -n {} {}",
                  part, run_id, namespace_name, name));
}

base::Result<void> store_summary(net::Shard& shard, kube::Client& client, const measure::Summary& summary,
                                 const std::optional<load::JobOwner>& owner) {
  load::RunObject object;
  object.name = name_of(summary.run_id, summary.part.value_or(measure::RunPart()).index);
  std::string text = measure::to_json(summary).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > most_bytes) {
    return base::Failure(base::FailureKind::limit,
                         fmt::format("it has {}, more than the 1 MiB of a ConfigMap",
                                     base::format_bytes(static_cast<double>(text.size()))));
  }
  object.data.emplace(data_key, std::move(text));
  const std::string body = load::run_object_text(object, summary.run_id, load::Holds::summary, owner);
  const kube::Answer made = shard.run(create(client, object.name, body));
  if (made.ok()) return {};
  return base::Failure(base::FailureKind::io, made.error());
}

std::vector<measure::PartSummary> stored_summaries(net::Shard& shard, kube::Client& client,
                                                   std::string_view run_id) {
  const std::string selector = load::run_object_selector(run_id, load::Holds::summary);
  const kube::Collection collection = config_maps();
  const std::string query = "labelSelector=" + base::percent_encode(selector);
  const kube::Answer listed = shard.run(client.list(collection, query));
  if (!listed.ok()) throw base::Error(listed.error(), kube::configuration_exit_code);
  const auto objects = load::parse_run_objects(listed.body);
  if (!objects || objects->empty()) {
    throw base::Error(fmt::format("{} has no summary of run {}: no ConfigMap with -l {} in namespace {}",
                                  client.server(), run_id, selector, namespace_name),
                      unreadable_exit_code);
  }
  std::vector<measure::PartSummary> parts;
  for (const load::RunObject& each : *objects) {
    const auto text = each.data.find(data_key);
    base::Result<measure::Summary> summary =
        measure::read_summary(text == each.data.end() ? std::string_view() : text->second);
    if (summary.has_error()) {
      throw base::Error(fmt::format("ConfigMap {}: {}", each.name, summary.error().detail()),
                        unreadable_exit_code);
    }
    parts.push_back({"configmap/" + each.name, std::move(*summary)});
  }
  return parts;
}

}  // namespace k8scale::subcommands
