#include "kube/list_watch_query.h"

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

}  // namespace

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
