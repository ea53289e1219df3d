#include "kube/json_reader.h"

#include <nlohmann/json.hpp>

#include "kube/json_frames.h"

namespace k8scale::kube {
namespace {

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class ListReader final : public BodyReader {
 public:
  ListReader(ObjectParser& parser, std::span<const std::string> annotations)
      : parser_(parser), annotations_(annotations) {}

  void put(std::string_view bytes) override { frames_.put(bytes); }

  Finding next() override {
    const auto item = frames_.next();
    if (item) return parser_.parse_item(*item, annotations_);
    return frames_.problem().empty() ? Finding() : garbage(frames_.problem());
  }

  Finding finish() override {
    const auto frame = frames_.frame();
    if (!frame) return garbage("half a list");
    const auto list = nlohmann::json::parse(*frame, nullptr, false);
    if (!list.is_object()) return garbage("the list is no JSON object");
    const auto metadata = list.find("metadata");
    if (metadata == list.end() || !metadata->is_object()) return garbage("a list without metadata");
    resource_version_ = text_of(*metadata, "resourceVersion");
    continue_ = text_of(*metadata, "continue");
    if (resource_version_.empty()) return garbage("a list without resourceVersion");
    Finding finding;
    finding.kind = Finding::Kind::list_end;
    finding.object.resource_version = resource_version_;
    finding.continue_token = continue_;
    return finding;
  }

 private:
  static std::string text_of(const nlohmann::json& object, const char* member) {
    const auto found = object.find(member);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  }

  ObjectParser& parser_;
  std::span<const std::string> annotations_;
  ListFrames frames_;
  std::string resource_version_;
  std::string continue_;
};

class WatchReader final : public BodyReader {
 public:
  WatchReader(ObjectParser& parser, std::span<const std::string> annotations)
      : parser_(parser), annotations_(annotations) {}

  void put(std::string_view bytes) override { frames_.put(bytes); }

  Finding next() override {
    while (const auto line = frames_.next()) {
      if (!is_blank(*line)) return parser_.parse_event(*line, annotations_, refusal);
    }
    return frames_.too_long() ? garbage("an event is too large") : Finding();
  }

  Finding finish() override {
    const std::string_view rest = frames_.unfinished();
    if (is_blank(rest)) return {};
    const Finding last = parser_.parse_event(rest, annotations_, refusal);
    return last.kind == Finding::Kind::garbage ? garbage("half an event") : last;
  }

 private:
  ObjectParser& parser_;
  std::span<const std::string> annotations_;
  LineFrames frames_;
};

}  // namespace

std::unique_ptr<BodyReader> make_json_list_reader(ObjectParser& parser,
                                                  std::span<const std::string> annotations) {
  return std::make_unique<ListReader>(parser, annotations);
}

std::unique_ptr<BodyReader> make_json_watch_reader(ObjectParser& parser,
                                                   std::span<const std::string> annotations) {
  return std::make_unique<WatchReader>(parser, annotations);
}

}  // namespace k8scale::kube
