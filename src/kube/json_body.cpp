#include "kube/json_body.h"

#include <nlohmann/json.hpp>

#include "kube/problem.h"

namespace k8scale::kube {
namespace {

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::string text_of(const nlohmann::json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Finding JsonListReader::next() {
  const auto item = frames_.next();
  if (item) return parser_.parse_item(*item, annotations_);
  return frames_.problem().empty() ? Finding() : garbage(frames_.problem());
}

Finding JsonListReader::finish() {
  const auto frame = frames_.frame();
  if (!frame) return garbage(problem::half_list);
  const auto list = nlohmann::json::parse(*frame, nullptr, false);
  if (!list.is_object()) return garbage("the list is no JSON object");
  const auto metadata = list.find("metadata");
  if (metadata == list.end() || !metadata->is_object()) return garbage("a list without metadata");
  resource_version_ = text_of(*metadata, "resourceVersion");
  continue_token_ = text_of(*metadata, "continue");
  if (resource_version_.empty()) return garbage(problem::list_without_version);
  Finding finding;
  finding.kind = Finding::Kind::list_end;
  finding.object.resource_version = resource_version_;
  finding.continue_token = continue_token_;
  return finding;
}

Finding JsonWatchReader::next() {
  for (;;) {
    const auto line = frames_.next();
    if (!line) return frames_.too_long() ? garbage(problem::large_event) : Finding();
    if (!is_blank(*line)) return parser_.parse_event(*line, annotations_, refusal);
  }
}

// The last line may lack its end.
Finding JsonWatchReader::finish() {
  const std::string_view rest = frames_.unfinished();
  if (is_blank(rest)) return {};
  const Finding last = parser_.parse_event(rest, annotations_, refusal);
  return last.kind == Finding::Kind::garbage ? garbage(problem::half_event) : last;
}

}  // namespace k8scale::kube
