#include "reviews.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "body.h"
#include "k8scale/base/text.h"
#include "protobuf.h"

namespace k8scale::apiserver {
namespace {

constexpr std::array kinds = {
    ReviewKind{"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"},
    ReviewKind{"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"}};

std::string api_version(const ReviewKind& kind) { return fmt::format("{}/{}", kind.group, review_version); }

// Why the body is no such review; else it is in `review`.
std::optional<Refusal> read(const Schema& schema, const ReviewKind& kind, const net::Request& request,
                            Json& review) {
  const std::string_view type = request.headers.find("Content-Type").value_or("");
  ParsedJson parsed;
  if (is_json(base::trim(type.substr(0, type.find(';'))))) {
    parsed = parse_json(request.body);
  } else if (is_protobuf_object(request.body)) {
    parsed.value = read_protobuf_object(schema, request.body).value_or(Json());
  } else {
    return unknown_format(true);
  }
  if (!parsed.error.empty()) {
    return bad_request("couldn't get version/kind; json parse error: " + parsed.error);
  }
  const auto differs = [&](const char* field, std::string_view expected) {
    const std::string_view given = text_member(parsed.value, field);
    return !given.empty() && given != expected;
  };
  if (!parsed.value.is_object() || differs("kind", kind.kind) || differs("apiVersion", api_version(kind))) {
    return bad_request(fmt::format("expected a {} of {}", kind.kind, api_version(kind)));
  }
  review = std::move(parsed.value);
  return std::nullopt;
}

Json administrator() {
  return {{"userInfo",
           {{"username", "kubernetes-admin"}, {"groups", {"system:masters", "system:authenticated"}}}}};
}

}  // namespace

std::span<const ReviewKind> review_kinds() { return kinds; }

const ReviewKind* review_at(std::string_view path) {
  const auto found = std::ranges::find_if(kinds, [&](const ReviewKind& each) {
    return path == fmt::format("/apis/{}/{}", api_version(each), each.plural);
  });
  return found == kinds.end() ? nullptr : &*found;
}

Answer<ReviewAnswer> reviewed(const Schema& schema, const ReviewKind& kind, const net::Request& request) {
  Json review;
  if (const auto refused = read(schema, kind, request, review)) return *refused;
  const std::string_view accept = request.headers.find("Accept").value_or("");
  const std::optional<Form> form = accepted_form(accept, AnswerKind::object, true);
  if (!form) return not_acceptable(accepted_types(AnswerKind::object, true));
  const bool about_access = kind.kind == "SelfSubjectAccessReview";
  const Json& spec = member(review, "spec");
  if (about_access &&
      member(spec, "resourceAttributes").is_object() == member(spec, "nonResourceAttributes").is_object()) {
    return invalid(
        kind.group, kind.kind, "",
        {invalid_value("spec.resourceAttributes", "null",
                       "exactly one of nonResourceAttributes or resourceAttributes must be specified")});
  }
  Json answer = {
      {"kind", kind.kind}, {"apiVersion", api_version(kind)}, {"metadata", {{"creationTimestamp", nullptr}}}};
  if (about_access) answer["spec"] = spec;
  answer["status"] = about_access ? Json{{"allowed", true}} : administrator();
  return ReviewAnswer{std::move(answer), form->encoding};
}

}  // namespace k8scale::apiserver
