#include "refusal.h"

#include <fmt/format.h>

#include <stdexcept>

#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

Refusal simple(int code, std::string reason, std::string message) {
  Refusal refusal;
  refusal.code = code;
  refusal.reason = std::move(reason);
  refusal.message = std::move(message);
  return refusal;
}

Refusal about(const ResourceInfo& resource, std::string_view name, int code, std::string reason,
              std::string message) {
  Refusal refusal = simple(code, std::move(reason), std::move(message));
  refusal.name = name;
  refusal.group = resource.group;
  refusal.kind = resource.plural;
  return refusal;
}

Json causes_json(const std::vector<Cause>& causes) {
  Json list = Json::array();
  for (const Cause& cause : causes) {
    Json entry = {{"reason", cause.reason}, {"message", cause.message}};
    if (!cause.field.empty()) entry["field"] = cause.field;
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

Json Refusal::status() const {
  Json status = {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", Json::object()},
                 {"status", "Failure"}, {"message", message}, {"code", code}};
  if (!continue_token.empty()) status["metadata"]["continue"] = continue_token;
  if (!reason.empty()) status["reason"] = reason;
  if (!has_details) return status;
  Json details = Json::object();
  if (!name.empty()) details["name"] = name;
  if (!group.empty()) details["group"] = group;
  if (!kind.empty()) details["kind"] = kind;
  if (!causes.empty()) details["causes"] = causes_json(causes);
  if (retry_after > 0) details["retryAfterSeconds"] = retry_after;
  status["details"] = std::move(details);
  return status;
}

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::logic_error(refusal.message);
}

Refusal bad_request(std::string message) {
  Refusal refusal = simple(400, "BadRequest", std::move(message));
  refusal.has_details = false;
  return refusal;
}

Refusal internal_error(std::string message) {
  Refusal refusal = simple(500, "", std::move(message));
  refusal.has_details = false;
  return refusal;
}

Refusal unauthorized() {
  Refusal refusal = simple(401, "Unauthorized", "Unauthorized");
  refusal.has_details = false;
  return refusal;
}

Refusal unknown_path() { return simple(404, "NotFound", "the server could not find the requested resource"); }

Refusal method_not_allowed() {
  return simple(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

Refusal not_acceptable(std::string message) { return simple(406, "NotAcceptable", std::move(message)); }

Refusal unsupported_media_type(std::string message) {
  return simple(415, "UnsupportedMediaType", std::move(message));
}

Refusal too_large(std::string_view what) {
  Refusal refusal = simple(413, "RequestEntityTooLarge", fmt::format("Request entity too large: {}", what));
  refusal.has_details = false;
  return refusal;
}

Refusal too_many_requests() {
  Refusal refusal = simple(429, "TooManyRequests", "Too many requests, please try again later.");
  refusal.retry_after = 1;
  return refusal;
}

Refusal injected_fault(int status, int retry_after) {
  Refusal refusal = simple(status, "", "injected fault");
  if (status == 401) refusal.reason = "Unauthorized";
  if (status == 403) refusal.reason = "Forbidden";
  if (status == 409) refusal.reason = "Conflict";
  if (status == 410) refusal.reason = "Expired";
  if (status == 429) refusal.reason = "TooManyRequests";
  if (status == 500) refusal.reason = "InternalError";
  if (status == 503) refusal.reason = "ServiceUnavailable";
  if (status == 504) refusal.reason = "Timeout";
  refusal.retry_after = retry_after;
  return refusal;
}

Refusal not_found(const ResourceInfo& resource, std::string_view name) {
  return about(resource, name, 404, "NotFound",
               fmt::format("{} \"{}\" not found", resource.qualified(), name));
}

Refusal already_exists(const ResourceInfo& resource, std::string_view name) {
  return about(resource, name, 409, "AlreadyExists",
               fmt::format("{} \"{}\" already exists", resource.qualified(), name));
}

Refusal conflict(std::string_view qualified_resource, std::string_view name, std::string_view what) {
  Refusal refusal =
      simple(409, "Conflict",
             fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", qualified_resource, name, what));
  const std::size_t dot = qualified_resource.find('.');
  refusal.name = name;
  refusal.kind = qualified_resource.substr(0, dot);
  if (dot != std::string_view::npos) refusal.group = qualified_resource.substr(dot + 1);
  return refusal;
}

Refusal forbidden(const ResourceInfo& resource, std::string_view name, std::string_view why) {
  return about(resource, name, 403, "Forbidden",
               fmt::format("{} \"{}\" is forbidden: {}", resource.qualified(), name, why));
}

Refusal invalid(std::string_view group, std::string_view kind, std::string_view name,
                std::vector<Cause> causes) {
  std::string list;
  for (const Cause& cause : causes) {
    list += fmt::format("{}{}: {}", list.empty() ? "" : ", ", cause.field, cause.message);
  }
  if (causes.size() > 1) list = "[" + list + "]";
  const std::string qualified = group.empty() ? std::string(kind) : fmt::format("{}.{}", kind, group);
  Refusal refusal = simple(422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", qualified, name, list));
  refusal.name = name;
  refusal.group = group;
  refusal.kind = kind;
  refusal.causes = std::move(causes);
  return refusal;
}

Refusal expired(std::string message) {
  Refusal refusal = simple(410, "Expired", std::move(message));
  refusal.has_details = false;
  return refusal;
}

Refusal version_too_large(std::uint64_t asked, std::uint64_t current) {
  Refusal refusal = simple(
      504, "Timeout", fmt::format("Timeout: Too large resource version: {}, current: {}", asked, current));
  refusal.causes = {{"ResourceVersionTooLarge", "Too large resource version", ""}};
  refusal.retry_after = 1;
  return refusal;
}

Cause required(std::string field, std::string_view detail) {
  return {"FieldValueRequired", detail.empty() ? "Required value" : fmt::format("Required value: {}", detail),
          std::move(field)};
}

Cause invalid_value(std::string field, std::string_view value, std::string_view detail) {
  return {"FieldValueInvalid", fmt::format("Invalid value: {}: {}", base::go_quote(value), detail),
          std::move(field)};
}

Cause forbidden_field(std::string field, std::string_view detail) {
  return {"FieldValueForbidden", fmt::format("Forbidden: {}", detail), std::move(field)};
}

Cause too_long(std::string field, std::size_t limit) {
  return {"FieldValueTooLong", fmt::format("Too long: may not be more than {} bytes", limit),
          std::move(field)};
}

Cause not_supported(std::string field, std::string_view value, std::string_view supported) {
  return {"FieldValueNotSupported",
          fmt::format("Unsupported value: {}: supported values: {}", value, supported), std::move(field)};
}

}  // namespace k8scale::apiserver
