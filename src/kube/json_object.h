#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kube/body_reader.h"

namespace simdjson::dom {
class element;
class object;
class parser;
}  // namespace simdjson::dom

namespace k8scale::kube {

/// Reads objects and events in JSON. Its memory serves one piece after the other, whoever they are for: one
/// parser is enough for all reflectors of a shard.
class JsonParser {
 public:
  JsonParser();
  ~JsonParser();
  JsonParser(const JsonParser&) = delete;
  JsonParser& operator=(const JsonParser&) = delete;

  /// An object of a list: finds `item` or `garbage`. `json` is padded (see json_frames.h).
  [[nodiscard]] Finding parse_item(std::string_view json, std::span<const std::string> annotations);
  /// An event: finds `change`, `bookmark`, `refusal` or `garbage`. `json` is padded.
  [[nodiscard]] Finding parse_event(std::string_view json, std::span<const std::string> annotations,
                                    Status& refusal);

 private:
  [[nodiscard]] std::optional<simdjson::dom::object> parse(std::string_view json);
  /// Fills in the finding's object; returns what is wrong with it, empty when nothing is.
  [[nodiscard]] std::string_view read_object(const simdjson::dom::object& object,
                                             std::span<const std::string> wanted, Finding& finding);
  void read_annotations(const simdjson::dom::object& annotations, std::span<const std::string> wanted,
                        Finding& finding);

  std::unique_ptr<simdjson::dom::parser> parser_;
  std::vector<std::string_view> annotations_;
};

}  // namespace k8scale::kube
