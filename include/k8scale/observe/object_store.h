#pragma once
#include <cstdint>
#include <optional>

#include "k8scale/base/time.h"
#include "k8scale/observe/text_map.h"

namespace k8scale::observe {

/// A moment that may be missing, in eight bytes: an informer may keep millions.
class StoredMoment {
 public:
  void set(std::optional<base::WallTime> moment) { time_ = moment.value_or(missing); }
  [[nodiscard]] std::optional<base::WallTime> get() const {
    return time_ == missing ? std::nullopt : std::optional(time_);
  }

 private:
  static constexpr base::WallTime missing = base::WallTime::min();
  base::WallTime time_ = missing;
};

/// What is kept of an object: some 60 bytes beside its key.
struct StoredObject {
  std::uint64_t version = 0;       ///< its resourceVersion; 0 when that is no number
  std::uint64_t content_hash = 0;  ///< kube::ObjectView::content_hash
  StoredMoment created;            ///< metadata.creationTimestamp
  // What drivers write into the annotations scaletest/createTimestamp and scaletest/updateTimestamp.
  StoredMoment create_stamp;
  StoredMoment update_stamp;
  std::uint32_t list = 0;      ///< number of the last list that showed it
  bool exists = true;          ///< false: deleted, and its reader has not said so yet (Informer::forget)
  bool from_list = false;      ///< this state came from a list, not from an event
  bool create_unseen = false;  ///< its creation was counted as missed
  bool delete_unseen = false;  ///< the deletion of an older object of that name was counted as missed
  // Written by the reader: the state that it saw last.
  bool seen = false;
  std::uint64_t seen_hash = 0;
};

/// Objects by "namespace/name", or by name alone when they are in no namespace.
using ObjectStore = TextMap<StoredObject>;

}  // namespace k8scale::observe
