#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "event_frame.h"

namespace k8scale::apiserver {

/// The frames of events that several watches may still send: each is made once for all that want it in the
/// same form. Belongs to the server's thread.
class FrameCache {
 public:
  explicit FrameCache(const Core& core) : core_(core) {}

  /// The frame of the change that made `revision`. The reference lasts until the next call.
  const std::string& frame(const ResourceInfo& resource, EventType type, const ObjectPointer& object,
                           std::uint64_t revision, const FrameForm& form);

  /// Every watch has seen what came before `revision`.
  void release_before(std::uint64_t revision) { made_.erase(made_.begin(), made_.lower_bound(revision)); }
  [[nodiscard]] std::size_t revisions() const { return made_.size(); }

 private:
  struct Made {
    EventType type;
    FrameForm form;
    std::string frame;
  };
  const Core& core_;
  std::map<std::uint64_t, std::vector<Made>> made_;
};

}  // namespace k8scale::apiserver
