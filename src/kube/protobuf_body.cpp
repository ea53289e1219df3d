#include "kube/protobuf_body.h"

#include "kube/problem.h"

namespace k8scale::kube {

Finding ProtobufListReader::next() {
  for (;;) {
    const auto found = frames_.next();
    if (!found) return frames_.problem().empty() ? Finding() : garbage(frames_.problem());
    if (found->piece == ProtobufListFrames::Piece::item) {
      return parser_.parse_item(found->bytes, annotations_);
    }
    const auto metadata = parse_protobuf_list_metadata(found->bytes);
    if (!metadata) return garbage("the list is no protobuf");
    resource_version_ = metadata->resource_version;
    continue_token_ = metadata->continue_token;
  }
}

Finding ProtobufListReader::finish() {
  if (!frames_.whole()) return garbage(problem::half_list);
  if (resource_version_.empty()) return garbage(problem::list_without_version);
  Finding finding;
  finding.kind = Finding::Kind::list_end;
  finding.object.resource_version = resource_version_;
  finding.continue_token = continue_token_;
  return finding;
}

Finding ProtobufWatchReader::next() {
  const auto frame = frames_.next();
  if (frame) return parser_.parse_event(*frame, annotations_, refusal);
  return frames_.too_long() ? garbage(problem::large_event) : Finding();
}

Finding ProtobufWatchReader::finish() {
  return frames_.unfinished() ? garbage(problem::half_event) : Finding();
}

}  // namespace k8scale::kube
