#pragma once
#include <string>
#include <vector>

#include "call.h"
#include "core.h"

/// Lists: selectors, pages, and what resourceVersion and resourceVersionMatch mean.
namespace k8scale::apiserver {

struct List {
  std::vector<ObjectPointer> items;
  std::uint64_t revision = 0;
  std::string continue_token;   ///< empty: this is the end
  std::int64_t remaining = -1;  ///< how many more there are; -1: not said
};

[[nodiscard]] Answer<List> list(const Core& core, const Call& call);

/// A decimal resourceVersion; nothing when it is not one.
[[nodiscard]] std::optional<std::uint64_t> parse_revision(std::string_view text);

}  // namespace k8scale::apiserver
