#include "stored_summaries.h"

#include <fmt/format.h>

#include <utility>

#include "driver_namespace.h"
#include "k8scale/base/error.h"
#include "k8scale/kube/configuration.h"
#include "k8scale/measure/summary_read.h"

namespace k8scale::subcommands {

load::PartText summary_place(kube::Client& client, std::string run_id, std::uint64_t part,
                             std::optional<load::JobOwner> owner) {
  load::PartText::Options options;
  options.run_id = std::move(run_id);
  options.part = part;
  options.owner = std::move(owner);
  return {client, namespace_name, std::move(options)};
}

std::vector<measure::PartSummary> stored_summaries(net::Shard& shard, kube::Client& client,
                                                   std::string_view run_id) {
  const auto texts = shard.run(load::stored_texts(client, std::string(namespace_name), std::string(run_id)));
  if (texts.has_error()) {
    const bool unreadable = texts.error().kind() == base::FailureKind::protocol;
    throw base::Error(texts.error().detail(),
                      unreadable ? unreadable_exit_code : kube::configuration_exit_code);
  }
  if (texts->empty()) {
    throw base::Error(
        fmt::format("{} has no summary of run {}: no ConfigMap with -l {} in namespace {}", client.server(),
                    run_id, load::run_object_selector(run_id, load::Holds::summary), namespace_name),
        unreadable_exit_code);
  }
  std::vector<measure::PartSummary> parts;
  for (const auto& [name, text] : *texts) {
    base::Result<measure::Summary> summary = measure::read_summary(text);
    if (summary.has_error()) {
      throw base::Error(fmt::format("ConfigMap {}: {}", name, summary.error().detail()),
                        unreadable_exit_code);
    }
    parts.push_back({"configmap/" + name, std::move(*summary)});
  }
  return parts;
}

}  // namespace k8scale::subcommands
