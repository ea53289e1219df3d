#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "json_text.h"
#include "k8scale/base/time.h"
#include "resource_table.h"

/// What kubectl shows of each kind (k8s.io/kubernetes/pkg/printers/internalversion).
namespace k8scale::apiserver {

struct Column {
  std::string_view name;
  Json (*cell)(const Json& document, base::WallTime now);
  int priority = 0;  ///< 1: only with `-o wide`
  std::string_view type = "string";
  std::string_view format = {};
};
[[nodiscard]] std::vector<Column> columns_of(const ResourceInfo& resource);

/// "5s", "3m20s", "4d": how kubectl shows an age (k8s.io/apimachinery/pkg/util/duration).
[[nodiscard]] std::string age_text(base::Nanoseconds age);

}  // namespace k8scale::apiserver
