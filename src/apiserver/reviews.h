#pragma once
#include <span>
#include <string>
#include <string_view>

#include "k8scale/net/http.h"
#include "media_type.h"
#include "refusal.h"
#include "schema.h"

/// Questions of clients about themselves, which are answered at once and not kept. Whoever is let in is the
/// administrator, who may do everything.
namespace k8scale::apiserver {

struct ReviewKind {
  std::string_view group;
  std::string_view plural;
  std::string_view kind;
};

inline constexpr std::string_view review_version = "v1";
[[nodiscard]] std::span<const ReviewKind> review_kinds();
/// Null when the path asks for no review.
[[nodiscard]] const ReviewKind* review_at(std::string_view path);
/// The review that was sent, in JSON or protobuf, with its status; in the form that the client accepts.
struct ReviewAnswer {
  Json document;
  Encoding encoding = Encoding::json;
};
[[nodiscard]] Answer<ReviewAnswer> reviewed(const Schema& schema, const ReviewKind& kind,
                                            const net::Request& request);

}  // namespace k8scale::apiserver
