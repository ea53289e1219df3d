#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schema.h"

/// Objects in the protobuf form of Kubernetes, to and from the JSON that says the same:
/// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
namespace k8scale::apiserver {

/// Whether a body is such an object: "k8s\0", then runtime.Unknown.
[[nodiscard]] bool is_protobuf_object(std::string_view body);

/// Nothing when the body is broken or of a kind that `schema` lacks.
[[nodiscard]] std::optional<Json> read_protobuf_object(const Schema& schema, std::string_view body);

/// `document` has a kind that `schema` has. Fields that are empty in JSON are left out.
[[nodiscard]] std::string write_protobuf_object(const Schema& schema, const Json& document);

/// A list of objects of `kind`; `metadata` is that of the list.
[[nodiscard]] std::string write_protobuf_list(const Schema& schema, std::string_view api_version,
                                              std::string_view kind, const Json& metadata,
                                              std::span<const Json> items);

/// meta/v1 WatchEvent behind its length in four bytes, most significant first. `object` is an object as
/// `write_protobuf_object` gives it.
[[nodiscard]] std::string write_protobuf_event(std::string_view type, std::string_view object);

}  // namespace k8scale::apiserver
