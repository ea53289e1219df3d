#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "k8scale/kube/reflector.h"

namespace k8scale::kube {

/// Where a list starts.
struct ListStart {
  std::string_view resource_version;  ///< not older than this; empty: the newest, "0": what the cache has
  std::string_view continue_token;    ///< of the page before
  std::uint64_t limit = 0;            ///< 0: all in one page
};
[[nodiscard]] std::string list_query(const ReflectorOptions& options, const ListStart& start);

/// Whether a watch tells what is there before what changes (WatchList).
enum class InitialEvents { no, yes };
[[nodiscard]] std::string watch_query(const ReflectorOptions& options, std::string_view resource_version,
                                      InitialEvents initial, std::chrono::seconds timeout);

/// The Accept field for a list or a watch. Protobuf is asked for with JSON as what will do instead.
[[nodiscard]] std::string accept_list(Encoding encoding, bool metadata_only);
[[nodiscard]] std::string accept_watch(Encoding encoding, bool metadata_only);

}  // namespace k8scale::kube
