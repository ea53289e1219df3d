#include "frame_cache.h"

#include <algorithm>

namespace k8scale::apiserver {

const std::string& FrameCache::frame(const ResourceInfo& resource, EventType type,
                                     const ObjectPointer& object, std::uint64_t revision,
                                     const FrameForm& form) {
  std::vector<Made>& made = made_[revision];
  const auto found = std::find_if(made.begin(), made.end(),
                                  [&](const Made& each) { return each.type == type && each.form == form; });
  if (found != made.end()) return found->frame;
  // What was deleted, or matches no more, is shown as it was last, at the version of that change.
  const ObjectPointer shown = object->revision() == revision ? object : object->at(revision);
  made.push_back({type, form, object_frame(core_, resource, type, shown, form)});
  return made.back().frame;
}

}  // namespace k8scale::apiserver
