#pragma once
#include <optional>
#include <string>
#include <string_view>

/// What a client accepts: RFC 9110, 12.5, and the parameters that Kubernetes adds to media types.
namespace k8scale::apiserver {

/// In which shape the client wants an object, a list or the object of an event.
enum class View { object, table, metadata_only };
enum class Encoding { json, protobuf };

struct Form {
  View view = View::object;
  Encoding encoding = Encoding::json;
};

enum class AnswerKind { object, collection, stream };

/// The form that an Accept field likes best of those that are served; nothing when there is none.
/// `has_protobuf`: of the resource's objects. Metadata alone always has a protobuf form, a table never.
[[nodiscard]] std::optional<Form> accepted_form(std::string_view accept, AnswerKind kind, bool has_protobuf);

/// What a refusal says instead.
[[nodiscard]] std::string accepted_types(AnswerKind kind, bool has_protobuf);

/// The Content-Type of an answer.
[[nodiscard]] std::string_view content_type(Encoding encoding, AnswerKind kind);

[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

}  // namespace k8scale::apiserver
