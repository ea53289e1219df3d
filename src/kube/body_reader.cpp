#include "kube/body_reader.h"

#include "kube/problem.h"

namespace k8scale::kube {

Finding garbage(std::string_view problem) {
  Finding finding;
  finding.kind = Finding::Kind::garbage;
  finding.problem = problem;
  return finding;
}

bool set_event_type(std::string_view type, Finding& finding) {
  finding.kind = Finding::Kind::change;
  if (type == "ADDED") {
    finding.type = EventType::added;
  } else if (type == "MODIFIED") {
    finding.type = EventType::modified;
  } else if (type == "DELETED") {
    finding.type = EventType::deleted;
  } else if (type == "BOOKMARK") {
    finding.kind = Finding::Kind::bookmark;
  } else if (type == "ERROR") {
    finding.kind = Finding::Kind::refusal;
  } else {
    return false;
  }
  return true;
}

std::string_view missing_member(const Finding& finding) {
  if (finding.object.resource_version.empty()) return problem::no_version;
  const bool nameless = finding.object.name.empty() && finding.kind != Finding::Kind::bookmark;
  return nameless ? problem::no_name : std::string_view();
}

}  // namespace k8scale::kube
