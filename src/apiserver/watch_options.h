#pragma once
#include <chrono>
#include <optional>

#include "call.h"
#include "selector.h"

namespace k8scale::apiserver {

/// What a watch asks for, read from its query.
struct WatchOptions {
  LabelSelector labels;
  FieldSelector fields;
  std::uint64_t revision = 0;   ///< resourceVersion; 0: it was 0 or absent
  bool initial_events = false;  ///< begins with the objects that exist, at `revision` or later
  bool bookmarks = false;
  std::optional<std::chrono::seconds> timeout;
};

/// Refuses what kube-apiserver 1.37 refuses, in its words.
[[nodiscard]] Answer<WatchOptions> read_watch_options(const Call& call);

}  // namespace k8scale::apiserver
