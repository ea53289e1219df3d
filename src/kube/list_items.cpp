#include "k8scale/kube/list_items.h"

#include "kube/json_frames.h"
#include "kube/protobuf_frames.h"

namespace k8scale::kube {
namespace {

std::optional<std::uint64_t> items_of_protobuf(std::string_view body) {
  ProtobufListFrames frames;
  frames.put(body);
  std::uint64_t items = 0;
  for (;;) {
    const std::optional<ProtobufListFrames::Found> found = frames.next();
    if (!found) break;
    if (found->piece == ProtobufListFrames::Piece::item) ++items;
  }
  if (!frames.problem().empty() || !frames.whole()) return std::nullopt;
  return items;
}

std::optional<std::uint64_t> items_of_json(std::string_view body) {
  JsonListFrames frames;
  frames.put(body);
  std::uint64_t items = 0;
  while (frames.next()) ++items;
  if (!frames.problem().empty() || !frames.frame()) return std::nullopt;
  return items;
}

}  // namespace

std::optional<std::uint64_t> items_of_list(std::string_view body) {
  return body.starts_with(protobuf_magic) ? items_of_protobuf(body) : items_of_json(body);
}

}  // namespace k8scale::kube
