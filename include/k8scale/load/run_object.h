#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// ConfigMaps in which the processes of a run tell one another something. They have the labels scaletest/run,
/// the run ID, and scaletest/holds.
namespace k8scale::load {

/// What such a ConfigMap holds.
enum class Holds { start, summary };

/// The Job that such ConfigMaps go with.
struct JobOwner {
  std::string name;
  std::string uid;
};

/// A ConfigMap as far as it matters here.
struct RunObject {
  std::string name;
  std::string resource_version;
  std::map<std::string, std::string> data;
  std::string uid = {};
  std::string owner_uid = {};  ///< of the Job that it goes with; empty: it goes with none
};

/// Some of them, as one answer to a list has them.
struct RunObjectPage {
  std::vector<RunObject> objects;
  std::string next;  ///< where the next page begins; empty: there is none
};

/// Whether the run ID can be the value of a label: then the run may have such ConfigMaps.
[[nodiscard]] bool can_be_label(std::string_view run_id);
/// Throws base::Error (exit code 1) when it cannot.
void check_run_label(std::string_view run_id);
/// "scaletest/run=RUNID,scaletest/holds=summary"; of all runs when `run_id` is empty.
[[nodiscard]] std::string run_object_selector(std::string_view run_id, Holds holds);
/// The body of a create.
[[nodiscard]] std::string run_object_text(const RunObject& object, std::string_view run_id, Holds holds,
                                          const std::optional<JobOwner>& owner);
/// Reads the body of an answer; nothing when it is no ConfigMap.
[[nodiscard]] std::optional<RunObject> parse_run_object(std::string_view body);
/// Reads a list of them; nothing when it is none.
[[nodiscard]] std::optional<RunObjectPage> parse_run_objects(std::string_view body);
/// Whether the object goes with another Job than `owner`: one of the same name that was deleted, whose
/// objects the cluster has not removed yet.
[[nodiscard]] bool is_of_former_job(const RunObject& object, const std::optional<JobOwner>& owner);
/// The body of a delete: of the object with this uid and no other.
[[nodiscard]] std::string only_uid(std::string_view uid);

}  // namespace k8scale::load
