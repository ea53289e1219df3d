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

/// A whole number in the query; 0 when it is absent.
[[nodiscard]] Answer<std::int64_t> read_number(const Call& call, std::string_view option);

/// Whether the resourceVersion that a get asks for can be had: any version does, but not one yet to come.
[[nodiscard]] Answer<void> check_version(const Core& core, const Call& call);

/// A decimal resourceVersion; nothing when it is not one.
[[nodiscard]] std::optional<std::uint64_t> parse_revision(std::string_view text);

}  // namespace k8scale::apiserver
