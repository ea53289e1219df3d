#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "object.h"
#include "refusal.h"

/// Where a list goes on with its next page, in the form of kube-apiserver: base64url, without padding, of
/// {"v":"meta.k8s.io/v1","rv":…,"start":"NAMESPACE/NAME\\0"} (k8s.io/apiserver/pkg/storage/continue.go).
namespace k8scale::apiserver {

struct Position {
  std::int64_t revision = 0;  ///< -1: whatever is there now
  Key start;                  ///< the first object that may be on the page
};

/// Goes on behind `last`. Within a namespace its name is left out.
[[nodiscard]] std::string continue_token(std::int64_t revision, const Key& last, bool within_namespace);
/// `namespace_name` is the one that is listed; empty: all.
[[nodiscard]] Answer<Position> read_continue_token(std::string_view token, std::string_view namespace_name);

}  // namespace k8scale::apiserver
