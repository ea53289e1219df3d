#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "json_text.h"
#include "resource_table.h"

/// What the server says about itself: version, discovery, OpenAPI.
namespace k8scale::apiserver {

/// Fixed documents by their path ("/version", "/apis", "/openapi/v3/api/v1", …); nothing when it has none
/// there. `server_address` is "host:port".
[[nodiscard]] std::optional<Json> document_at(const ResourceTable& table, std::string_view path,
                                              std::string_view server_address);

/// Whether the path answers "ok" to anybody: /healthz, /livez, /readyz and "/ping" below them.
[[nodiscard]] bool is_health_path(std::string_view path);

}  // namespace k8scale::apiserver
