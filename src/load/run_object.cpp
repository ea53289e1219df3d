#include "k8scale/load/run_object.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "k8scale/base/error.h"
#include "k8scale/base/text.h"

namespace k8scale::load {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_label = 63;
constexpr std::string_view run_label = "scaletest/run";
constexpr std::string_view holds_label = "scaletest/holds";

std::string_view name(Holds holds) { return holds == Holds::start ? "start" : "summary"; }

RunObject object_of(const Json& json) {
  const Json& metadata = json.at("metadata");
  RunObject object;
  metadata.at("name").get_to(object.name);
  object.resource_version = metadata.value("resourceVersion", "");
  object.uid = metadata.value("uid", "");
  const auto owners = metadata.find("ownerReferences");
  if (owners != metadata.end() && !owners->empty()) object.owner_uid = owners->at(0).value("uid", "");
  if (const auto data = json.find("data"); data != json.end()) data->get_to(object.data);
  return object;
}

}  // namespace

bool can_be_label(std::string_view run_id) {
  return run_id.size() <= longest_label && !run_id.ends_with('-');
}

void check_run_label(std::string_view run_id) {
  if (can_be_label(run_id)) return;
  throw base::Error(
      fmt::format("-runid: found {}, expected at most {} characters and a letter or digit at its end: it "
                  "becomes a label, for --start-together and --store-summary",
                  base::go_quote(run_id), longest_label));
}

std::string run_object_selector(std::string_view run_id, Holds holds) {
  const std::string run = run_id.empty() ? "" : fmt::format("{}={},", run_label, run_id);
  return fmt::format("{}{}={}", run, holds_label, name(holds));
}

std::string run_object_text(const RunObject& object, std::string_view run_id, Holds holds,
                            const std::optional<JobOwner>& owner) {
  Json metadata = {{"name", object.name}, {"labels", {{run_label, run_id}, {holds_label, name(holds)}}}};
  if (owner) {
    metadata["ownerReferences"] = Json::array(
        {Json{{"apiVersion", "batch/v1"}, {"kind", "Job"}, {"name", owner->name}, {"uid", owner->uid}}});
  }
  const Json json = {
      {"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", std::move(metadata)}, {"data", object.data}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<RunObject> parse_run_object(std::string_view body) {
  try {
    return object_of(Json::parse(body));
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::optional<RunObjectPage> parse_run_objects(std::string_view body) {
  try {
    const Json json = Json::parse(body);
    RunObjectPage page;
    for (const Json& each : json.at("items")) page.objects.push_back(object_of(each));
    if (const auto metadata = json.find("metadata"); metadata != json.end()) {
      page.next = metadata->value("continue", "");
    }
    return page;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

bool is_of_former_job(const RunObject& object, const std::optional<JobOwner>& owner) {
  return owner && !object.owner_uid.empty() && object.owner_uid != owner->uid;
}

std::string only_uid(std::string_view uid) { return Json{{"preconditions", {{"uid", uid}}}}.dump(); }

}  // namespace k8scale::load
