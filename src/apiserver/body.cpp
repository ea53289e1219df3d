#include "body.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"
#include "protobuf.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view protobuf_type = "application/vnd.kubernetes.protobuf";

bool has_protobuf(const ResourceInfo& resource) {
  return resource.builtin && resource.group != "wardle.example.com";
}

Refusal unknown_format(const ResourceInfo& resource) {
  Refusal refusal = unsupported_media_type(
      fmt::format("the body of the request was in an unknown format - accepted media types include: {}{}",
                  json_type, has_protobuf(resource) ? fmt::format(", {}", protobuf_type) : ""));
  refusal.has_details = false;
  return refusal;
}

std::string unusable(const ResourceInfo& resource, std::string_view why) {
  return fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", resource.kind, resource.version,
                     resource.kind, why);
}

// Sets kind and apiVersion where they are missing.
Answer<void> check_type(const ResourceInfo& resource, Json& document) {
  const std::string kind(text_member(document, "kind"));
  const std::string api_version(text_member(document, "apiVersion"));
  if (!kind.empty() && kind != resource.kind) {
    return bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: unknown conversion", kind,
                                   resource.version, resource.kind));
  }
  if (!api_version.empty() && api_version != resource.api_version()) {
    const std::size_t slash = api_version.find('/');
    const std::string version = slash == std::string::npos ? api_version : api_version.substr(slash + 1);
    return bad_request(
        fmt::format("{0} in version \"{1}\" cannot be handled as a {0}: no kind \"{0}\" is "
                    "registered for version \"{2}\"",
                    resource.kind, version, api_version));
  }
  document["kind"] = resource.kind;
  document["apiVersion"] = resource.api_version();
  return {};
}

Schema::Findings conform(const Schema& schema, const ResourceInfo& resource, Json& document) {
  Json& metadata = document["metadata"];
  if (metadata.is_null()) metadata = Json::object();
  if (resource.builtin) return schema.conform(resource.kind, document);
  Schema::Findings findings = schema.conform("ObjectMeta", metadata);
  for (std::string& each : findings.unknown_fields) each.insert(0, "metadata.");
  return findings;
}

struct Checked {
  std::vector<std::string> complaints;  ///< unknown and duplicate fields
  std::string error;
};

Checked check(const Schema& schema, const ResourceInfo& resource, Json& document,
              const std::vector<std::string>& duplicates) {
  Schema::Findings findings = conform(schema, resource, document);
  Checked checked{{}, std::move(findings.error)};
  for (const auto& each : findings.unknown_fields) {
    checked.complaints.push_back(fmt::format("unknown field {}", base::go_quote(each)));
  }
  for (const auto& each : duplicates) {
    checked.complaints.push_back(fmt::format("duplicate field {}", base::go_quote(each)));
  }
  return checked;
}

std::string strict_error(const std::vector<std::string>& complaints) {
  return fmt::format("strict decoding error: {}", fmt::join(complaints, ", "));
}

// What the client wants to hear of the complaints: everything unless it says Ignore.
std::vector<std::string> warnings_of(const Call& call, std::vector<std::string> complaints) {
  if (call.option("fieldValidation") == "Ignore") complaints.clear();
  return complaints;
}

bool is_strict(const Call& call) { return call.option("fieldValidation") == "Strict"; }

Answer<ParsedJson> read_document(const Schema& schema, const Call& call) {
  const ResourceInfo& resource = *call.resource;
  if (call.content_type == protobuf_type && has_protobuf(resource)) {
    std::optional<Json> document = read_protobuf_object(schema, call.body);
    if (!document) return bad_request(unusable(resource, "the body is not an object in protobuf"));
    return ParsedJson{*std::move(document), {}, {}};
  }
  if (!call.content_type.empty() && call.content_type != json_type) return unknown_format(resource);
  ParsedJson parsed = parse_json(call.body);
  if (parsed.error.empty() && !parsed.value.is_object()) parsed.error = "the body is not a JSON object";
  if (!parsed.error.empty()) {
    return bad_request(
        fmt::format("the object provided is unrecognized (must be of type {}): couldn't get "
                    "version/kind; json parse error: {}",
                    resource.kind, parsed.error));
  }
  return parsed;
}

Refusal wrong_option(std::string_view kind, Cause cause) {
  return invalid("meta.k8s.io", kind, "", {std::move(cause)});
}

Answer<Json::object_t> read_delete_body(const Schema& schema, const Call& call) {
  if (call.body.empty()) return Json::object_t();
  if (is_protobuf_object(call.body)) {
    const auto document = read_protobuf_object(schema, call.body);
    if (!document) return bad_request("couldn't get version/kind; the body is not an object in protobuf");
    return document->get<Json::object_t>();
  }
  ParsedJson parsed = parse_json(call.body);
  if (parsed.error.empty() && !parsed.value.is_object()) parsed.error = "the body is not a JSON object";
  if (!parsed.error.empty()) {
    return bad_request("couldn't get version/kind; json parse error: " + parsed.error);
  }
  const std::string_view kind = text_member(parsed.value, "kind");
  if (!kind.empty() && kind != "DeleteOptions") {
    return bad_request(fmt::format("no kind \"{}\" is registered for DeleteOptions", kind));
  }
  const Schema::Findings findings = schema.conform("DeleteOptions", parsed.value);
  if (!findings.error.empty()) return bad_request(findings.error);
  return parsed.value.get<Json::object_t>();
}

Answer<void> check_propagation(std::string_view policy) {
  const bool known = policy.empty() || policy == "Foreground" || policy == "Background" || policy == "Orphan";
  if (known) return {};
  return wrong_option("DeleteOptions", not_supported("propagationPolicy", base::go_quote(policy),
                                                     "\"Foreground\", \"Background\", \"Orphan\", \"nil\""));
}

Cause wrong_dry_run(std::string_view value) {
  return not_supported("dryRun", fmt::format("[{}]", base::go_quote(value)), "\"All\"");
}

}  // namespace

Answer<Body> read_body(const Schema& schema, const Call& call) {
  Answer<ParsedJson> parsed = read_document(schema, call);
  if (!parsed) return parsed.error();
  Json& document = parsed->value;
  if (const Answer<void> typed = check_type(*call.resource, document); !typed) return typed.error();
  Checked checked = check(schema, *call.resource, document, parsed->duplicate_fields);
  if (!checked.error.empty()) return bad_request(unusable(*call.resource, checked.error));
  if (is_strict(call) && !checked.complaints.empty()) {
    return bad_request(unusable(*call.resource, strict_error(checked.complaints)));
  }
  return Body{std::move(document), warnings_of(call, std::move(checked.complaints))};
}

Answer<Body> check_patched(const Schema& schema, const Call& call, Json document,
                           const std::vector<std::string>& duplicate_fields) {
  const std::string text = to_text(document);
  const auto refuse = [&text](std::string_view why) {
    return invalid("", "", "", {invalid_value("patch", text, why)});
  };
  if (!document.is_object()) return refuse("the patched object is not a JSON object");
  if (const Answer<void> typed = check_type(*call.resource, document); !typed) {
    return refuse(typed.error().message);
  }
  Checked checked = check(schema, *call.resource, document, duplicate_fields);
  if (!checked.error.empty()) return refuse(checked.error);
  if (is_strict(call) && !checked.complaints.empty()) return refuse(strict_error(checked.complaints));
  return Body{std::move(document), warnings_of(call, std::move(checked.complaints))};
}

Answer<void> check_write_options(const Call& call, std::string_view kind) {
  if (call.query.empty()) return {};
  const std::string_view dry_run = call.option("dryRun");
  if (!dry_run.empty() && dry_run != "All") return wrong_option(kind, wrong_dry_run(dry_run));
  const std::string_view validation = call.option("fieldValidation");
  const bool known =
      validation.empty() || validation == "Ignore" || validation == "Warn" || validation == "Strict";
  if (known) return {};
  return wrong_option(kind, not_supported("fieldValidation", base::go_quote(validation),
                                          "\"\", \"Ignore\", \"Strict\", \"Warn\""));
}

Answer<DeleteOptions> read_delete_options(const Schema& schema, const Call& call) {
  const Answer<Json::object_t> body = read_delete_body(schema, call);
  if (!body) return body.error();
  const Json document = *body;
  const std::string_view policy = text_member(document, "propagationPolicy");
  const Answer<void> known = check_propagation(policy.empty() ? call.option("propagationPolicy") : policy);
  if (!known) return known.error();
  std::string dry_run(call.option("dryRun"));
  for (const Json& each : member(document, "dryRun")) dry_run = each.get<std::string>();
  if (!dry_run.empty() && dry_run != "All") return wrong_option("DeleteOptions", wrong_dry_run(dry_run));
  const Json& preconditions = member(document, "preconditions");
  return DeleteOptions{std::string(text_member(preconditions, "uid")),
                       std::string(text_member(preconditions, "resourceVersion")), !dry_run.empty()};
}

}  // namespace k8scale::apiserver
