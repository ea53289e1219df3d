#include "kube/list_watch_query.h"

#include <fmt/format.h>

#include "k8scale/base/text.h"

namespace k8scale::kube {
namespace {

void append(std::string& query, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!query.empty()) query += '&';
  query.append(name).append("=").append(base::percent_encode(value));
}

std::string selectors(const ReflectorOptions& options) {
  std::string query;
  append(query, "labelSelector", options.label_selector);
  append(query, "fieldSelector", options.field_selector);
  return query;
}

constexpr std::string_view json = "application/json";
constexpr std::string_view protobuf = "application/vnd.kubernetes.protobuf";

void append_type(std::string& accept, std::string_view type, std::string_view parameters) {
  if (!accept.empty()) accept += ',';
  accept.append(type).append(parameters);
}

// Each encoding, first as metadata only if that is wanted, then whole.
std::string accept(Encoding encoding, std::string_view as, std::string_view stream) {
  std::string accept;
  for (const bool whole : {false, true}) {
    if (!whole && as.empty()) continue;
    const std::string parameters = whole ? std::string() : fmt::format(";as={};g=meta.k8s.io;v=v1", as);
    if (encoding == Encoding::protobuf) append_type(accept, protobuf, parameters + std::string(stream));
    append_type(accept, json, parameters);
  }
  return accept;
}

}  // namespace

std::string accept_list(Encoding encoding, bool metadata_only) {
  return accept(encoding, metadata_only ? "PartialObjectMetadataList" : "", "");
}

std::string accept_watch(Encoding encoding, bool metadata_only) {
  return accept(encoding, metadata_only ? "PartialObjectMetadata" : "", ";stream=watch");
}

std::string list_query(const ReflectorOptions& options, const ListStart& start) {
  std::string query = selectors(options);
  if (start.limit > 0) append(query, "limit", std::to_string(start.limit));
  append(query, "continue", start.continue_token);
  append(query, "resourceVersion", start.resource_version);
  return query;
}

std::string watch_query(const ReflectorOptions& options, std::string_view resource_version,
                        InitialEvents initial, std::chrono::seconds timeout) {
  std::string query = selectors(options);
  append(query, "watch", "true");
  append(query, "allowWatchBookmarks", "true");
  append(query, "resourceVersion", resource_version);
  append(query, "timeoutSeconds", std::to_string(timeout.count()));
  if (initial == InitialEvents::yes) {
    append(query, "sendInitialEvents", "true");
    append(query, "resourceVersionMatch", "NotOlderThan");
  }
  return query;
}

}  // namespace k8scale::kube
