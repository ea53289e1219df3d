#include "table.h"

#include <fmt/format.h>

#include "columns.h"

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

Json metadata_only(const Json& document) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", document["metadata"]}};
}

std::string table_text(const ResourceInfo& resource, std::span<const ObjectPointer> objects,
                       const Json& list_metadata, RowObject row_object, base::WallTime now) {
  const std::vector<Column> columns = columns_of(resource);
  Json rows = Json::array();
  for (const ObjectPointer& object : objects) {
    Json document = object->document();
    Json row = {{"cells", cells_of(columns, document, now)}};
    if (row_object == RowObject::metadata) row["object"] = metadata_only(document);
    if (row_object == RowObject::whole) row["object"] = std::move(document);
    rows.push_back(std::move(row));
  }
  const Json table = {{"kind", "Table"},
                      {"apiVersion", "meta.k8s.io/v1"},
                      {"metadata", list_metadata},
                      {"columnDefinitions", definitions_of(columns)},
                      {"rows", std::move(rows)}};
  return to_text(table);
}

}  // namespace k8scale::apiserver
