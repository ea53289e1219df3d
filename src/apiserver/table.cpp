#include "table.h"

#include <fmt/format.h>

#include "columns.h"
#include "partial_metadata.h"

namespace k8scale::apiserver {
namespace {

Json definitions_of(const std::vector<Column>& columns) {
  Json all = Json::array();
  for (const Column& each : columns) {
    all.push_back({{"name", each.name},
                   {"type", each.type},
                   {"format", each.format},
                   {"description", ""},
                   {"priority", each.priority}});
  }
  return all;
}

Json cells_of(const std::vector<Column>& columns, const Json& document, base::WallTime now) {
  Json all = Json::array();
  for (const Column& each : columns) all.push_back(each.cell(document, now));
  return all;
}

}  // namespace

std::string table_text(const ResourceInfo& resource, std::span<const ObjectPointer> objects,
                       const Json& list_metadata, RowObject row_object, base::WallTime now, TableHead head) {
  const std::vector<Column> columns = columns_of(resource);
  Json rows = Json::array();
  for (const ObjectPointer& object : objects) {
    Json document = object->document();
    Json row = {{"cells", cells_of(columns, document, now)}, {"object", nullptr}};
    if (row_object == RowObject::metadata) row["object"] = partial_metadata(*object);
    if (row_object == RowObject::whole) row["object"] = std::move(document);
    rows.push_back(std::move(row));
  }
  const Json table = {
      {"kind", "Table"},
      {"apiVersion", "meta.k8s.io/v1"},
      {"metadata", list_metadata},
      {"columnDefinitions", head == TableHead::with_columns ? definitions_of(columns) : Json()},
      {"rows", std::move(rows)}};
  return to_text(table);
}

}  // namespace k8scale::apiserver
