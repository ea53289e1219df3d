#include "table.h"

#include <fmt/format.h>

namespace k8scale::apiserver {
namespace {

using Cells = Json::array_t;

Json column(std::string_view name, std::string_view type = "string", std::string_view format = "",
            int priority = 0) {
  return {{"name", name}, {"type", type}, {"format", format}, {"description", ""}, {"priority", priority}};
}

std::string joined(std::string_view before, std::string_view separator, std::string_view next) {
  return before.empty() ? std::string(next) : fmt::format("{}{}{}", before, separator, next);
}

std::string or_none(const std::string& text) { return text.empty() ? "<none>" : text; }

std::size_t data_count(const Json& document) {
  return member(document, "data").size() + member(document, "binaryData").size();
}

std::string number_text(const Json& value) {
  return value.is_number_integer() ? std::to_string(value.get<int>()) : "";
}

std::string service_ports(const Json& document) {
  std::string text;
  for (const Json& port : member(member(document, "spec"), "ports")) {
    text = joined(text, ",",
                  fmt::format("{}/{}", number_text(member(port, "port")), text_member(port, "protocol")));
  }
  return or_none(text);
}

std::string selector_text(const Json& document) {
  std::string text;
  const Json& selector = member(member(document, "spec"), "selector");
  for (const auto& [key, value] : selector.items()) {
    text = joined(text, ",", fmt::format("{}={}", key, value.is_string() ? value.get<std::string>() : ""));
  }
  return or_none(text);
}

// "10.0.0.1:443,10.0.0.2:443 + 3 more..."
std::string endpoints_text(const Json& document) {
  std::string text;
  std::size_t count = 0;
  constexpr std::size_t most = 3;
  for (const Json& subset : member(document, "subsets")) {
    for (const Json& port : member(subset, "ports")) {
      for (const Json& address : member(subset, "addresses")) {
        if (++count > most) continue;
        text = joined(text, ",",
                      fmt::format("{}:{}", text_member(address, "ip"), number_text(member(port, "port"))));
      }
    }
  }
  if (count > most) text += fmt::format(" + {} more...", count - most);
  return or_none(text);
}

std::string slice_ports(const Json& document) {
  std::string text;
  for (const Json& port : member(document, "ports"))
    text = joined(text, ",", number_text(member(port, "port")));
  return or_none(text);
}

std::string slice_addresses(const Json& document) {
  std::string text;
  for (const Json& endpoint : member(document, "endpoints")) {
    for (const Json& address : member(endpoint, "addresses")) {
      if (address.is_string()) text = joined(text, ",", address.get<std::string>());
    }
  }
  return or_none(text);
}

std::string age_since(std::string_view moment, base::WallTime now) {
  const auto from = base::parse_rfc3339(moment);
  return from ? age_text(now - *from) : "<unknown>";
}

std::string involved_object(const Json& document) {
  const Json& object = member(document, "involvedObject");
  std::string kind(text_member(object, "kind"));
  for (char& c : kind) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return fmt::format("{}/{}", kind, text_member(object, "name"));
}

// The columns between the name and the age, and what a row has there.
struct Columns {
  Json::array_t definitions;
  Cells (*cells)(const Json& document, base::WallTime now);
};

Columns columns_of(const ResourceInfo& resource) {
  const std::string& kind = resource.kind;
  if (kind == "Namespace") {
    return {{column("Status")}, [](const Json& d, base::WallTime) -> Cells {
              return {text_member(member(d, "status"), "phase")};
            }};
  }
  if (kind == "ConfigMap") {
    return {{column("Data")},
            [](const Json& d, base::WallTime) -> Cells { return {std::to_string(data_count(d))}; }};
  }
  if (kind == "Secret") {
    return {{column("Type"), column("Data")}, [](const Json& d, base::WallTime) -> Cells {
              return {text_member(d, "type"), std::to_string(data_count(d))};
            }};
  }
  if (kind == "Service") {
    return {{column("Type"), column("Cluster-IP"), column("External-IP"), column("Port(s)"),
             column("Selector", "string", "", 1)},
            [](const Json& d, base::WallTime) -> Cells {
              const Json& spec = member(d, "spec");
              return {text_member(spec, "type"), or_none(std::string(text_member(spec, "clusterIP"))),
                      "<none>", service_ports(d), selector_text(d)};
            }};
  }
  if (kind == "Endpoints") {
    return {{column("Endpoints")},
            [](const Json& d, base::WallTime) -> Cells { return {endpoints_text(d)}; }};
  }
  if (kind == "EndpointSlice") {
    return {{column("AddressType"), column("Ports"), column("Endpoints")},
            [](const Json& d, base::WallTime) -> Cells {
              return {text_member(d, "addressType"), slice_ports(d), slice_addresses(d)};
            }};
  }
  if (kind == "Lease") {
    return {{column("Holder")}, [](const Json& d, base::WallTime) -> Cells {
              return {text_member(member(d, "spec"), "holderIdentity")};
            }};
  }
  if (kind == "Event") {
    return {{column("Last Seen"), column("Type"), column("Reason"), column("Object"), column("Message")},
            [](const Json& d, base::WallTime now) -> Cells {
              return {age_since(text_member(d, "lastTimestamp"), now), text_member(d, "type"),
                      text_member(d, "reason"), involved_object(d), text_member(d, "message")};
            }};
  }
  return {{}, [](const Json&, base::WallTime) -> Cells { return {}; }};
}

Json definitions_of(const Columns& columns) {
  Json::array_t all = {column("Name", "string", "name")};
  // A real server keeps the columns that only `-o wide` shows behind the age.
  for (const Json& each : columns.definitions) {
    if (each["priority"] == 0) all.push_back(each);
  }
  all.push_back(column("Age"));
  for (const Json& each : columns.definitions) {
    if (each["priority"] != 0) all.push_back(each);
  }
  return all;
}

Json cells_of(const Columns& columns, const Json& document, base::WallTime now) {
  const Json& metadata = member(document, "metadata");
  Cells all = {text_member(metadata, "name")};
  const Cells own = columns.cells(document, now);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (columns.definitions[i]["priority"] == 0) all.push_back(own[i]);
  }
  all.push_back(age_since(text_member(metadata, "creationTimestamp"), now));
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (columns.definitions[i]["priority"] != 0) all.push_back(own[i]);
  }
  return all;
}

}  // namespace

std::string age_text(base::Nanoseconds age) {
  using std::chrono::duration_cast;
  const auto seconds = duration_cast<std::chrono::seconds>(age).count();
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  constexpr std::int64_t minute = 60, hour = 60 * minute, day = 24 * hour, year = 365 * day;
  const auto two = [&](std::int64_t large, std::int64_t small, std::string_view format_large,
                       std::string_view format_small) {
    const std::int64_t rest = seconds % large / small;
    return fmt::format("{}{}", seconds / large, format_large) +
           (rest == 0 ? "" : fmt::format("{}{}", rest, format_small));
  };
  if (seconds < 2 * minute) return fmt::format("{}s", seconds);
  if (seconds < 10 * minute) return two(minute, 1, "m", "s");
  if (seconds < 3 * hour) return fmt::format("{}m", seconds / minute);
  if (seconds < 8 * hour) return two(hour, minute, "h", "m");
  if (seconds < 2 * day) return fmt::format("{}h", seconds / hour);
  if (seconds < 8 * day) return two(day, hour, "d", "h");
  if (seconds < 2 * year) return fmt::format("{}d", seconds / day);
  if (seconds < 8 * year) return two(year, day, "y", "d");
  return fmt::format("{}y", seconds / year);
}

Json metadata_only(const Json& document) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", document["metadata"]}};
}

std::string table_text(const ResourceInfo& resource, std::span<const ObjectPointer> objects,
                       const Json& list_metadata, RowObject row_object, base::WallTime now) {
  const Columns columns = columns_of(resource);
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
