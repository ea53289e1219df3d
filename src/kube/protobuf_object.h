#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kube/body_reader.h"

namespace k8scale::kube {

/// Reads objects and events in Kubernetes' protobuf form (k8s.io/api and apimachinery, generated.proto). Its
/// memory serves one piece after the other.
class ProtobufParser {
 public:
  /// An object of a list, without envelope: finds `item` or `garbage`.
  [[nodiscard]] Finding parse_item(std::string_view bytes, std::span<const std::string> annotations);
  /// A WatchEvent: finds `change`, `bookmark`, `refusal` or `garbage`.
  [[nodiscard]] Finding parse_event(std::string_view bytes, std::span<const std::string> annotations,
                                    Status& refusal);

 private:
  [[nodiscard]] Finding read_event(std::string_view bytes, std::span<const std::string> annotations,
                                   Status& refusal);
  /// Returns what is wrong, empty when nothing is. Throws protozero::exception.
  [[nodiscard]] std::string_view read_object(std::string_view bytes, std::span<const std::string> wanted,
                                             Finding& finding);
  void read_metadata(std::string_view bytes, std::span<const std::string> wanted, Finding& finding);
  void read_annotation(std::string_view bytes, std::span<const std::string> wanted, Finding& finding);

  std::vector<std::string_view> annotations_;
};

/// The object within "k8s\0" and runtime.Unknown; nothing when `bytes` are none.
[[nodiscard]] std::optional<std::string_view> open_protobuf_envelope(std::string_view bytes);
/// metadata.resourceVersion of an object in its envelope; empty when there is none.
[[nodiscard]] std::string_view protobuf_resource_version(std::string_view bytes);

/// A Status in its envelope; nothing when it is none.
[[nodiscard]] std::optional<Status> parse_protobuf_status(std::string_view bytes);

/// ListMeta.
struct ProtobufListMetadata {
  std::string_view resource_version;
  std::string_view continue_token;
};
[[nodiscard]] std::optional<ProtobufListMetadata> parse_protobuf_list_metadata(std::string_view bytes);

}  // namespace k8scale::kube
