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

/// The media type in which kubectl asks for /openapi/v2, and a document in it (gnostic's
/// openapi.v2.Document) that describes nothing: kubectl then leaves the checking to the server.
inline constexpr std::string_view openapi_v2_protobuf_type =
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
[[nodiscard]] std::string openapi_v2_protobuf();

/// Whether the path answers "ok": /healthz, /livez, /readyz and "/ping" below them.
[[nodiscard]] bool is_health_path(std::string_view path);

}  // namespace k8scale::apiserver
