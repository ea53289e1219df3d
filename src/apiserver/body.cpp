#include "body.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"
#include "protobuf.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view json_content_type = "application/json";
constexpr std::string_view protobuf_content_type = "application/vnd.kubernetes.protobuf";

std::string unusable(const ResourceInfo& resource, std::string_view why) {
  return fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", resource.kind, resource.version,
                     resource.kind, why);
}

// "v1" of "v1" and of "apps/v1".
std::string_view version_of(std::string_view api_version) {
  const std::size_t slash = api_version.find('/');
  return slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
}

// Why an object of another kind or version is none of this resource; empty when it is one.
std::string type_fault(const ResourceTable& table, const ResourceInfo& resource, std::string_view kind,
                       std::string_view api_version) {
  if (kind == resource.kind && api_version == resource.api_version()) return "";
  const auto all = table.all();
  const bool known = std::any_of(all.begin(), all.end(), [&](const ResourceInfo& each) {
    return each.api_version() == api_version && (each.kind == kind || each.kind + "List" == kind);
  });
  if (!known) {
    return fmt::format("no kind {} is registered for version {}", base::go_quote(kind),
                       base::go_quote(api_version));
  }
  const std::string internal = resource.group.empty() ? "core" : base::split(resource.group, '.').front();
  return fmt::format("converting ({}.{}) to ({}.{}): unknown conversion", version_of(api_version), kind,
                     internal, resource.kind);
}

// Sets kind and apiVersion where they are missing; refuses with why the object is none of this resource.
std::string settle_type(const ResourceTable& table, const ResourceInfo& resource, Json& document) {
  const auto given = [&](const char* field, const std::string& otherwise) {
    const std::string_view text = text_member(document, field);
    return text.empty() ? otherwise : std::string(text);
  };
  const std::string kind = given("kind", resource.kind);
  const std::string api_version = given("apiVersion", resource.api_version());
  std::string fault = type_fault(table, resource, kind, api_version);
  if (!fault.empty()) {
    return fmt::format("{} in version {} cannot be handled as a {}: {}", kind,
                       base::go_quote(version_of(api_version)), resource.kind, fault);
  }
  document["kind"] = resource.kind;
  document["apiVersion"] = resource.api_version();
  return "";
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

// What kube-apiserver shows of a body that it cannot read.
std::string summary(std::string_view body) {
  constexpr std::size_t most = 30;
  if (body.empty()) return "<empty>";
  std::string text(body.substr(0, most));
  if (body.front() != '{') {
    text.clear();
    for (const char byte : body.substr(0, most))
      text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text + (body.size() > most ? " ..." : "");
}

// What makes it impossible to say what kind of object this is; empty: nothing.
std::string envelope_fault(const ParsedJson& parsed) {
  constexpr std::string_view parsing = "couldn't get version/kind; json parse error: ";
  if (!parsed.error.empty()) return fmt::format("{}{}", parsing, parsed.error);
  if (!parsed.value.is_object()) {
    return fmt::format("{}json: cannot unmarshal {} into Go value of type struct", parsing,
                       go_type(parsed.value));
  }
  for (const char* field : {"kind", "apiVersion"}) {
    const Json& value = member(parsed.value, field);
    if (value.is_null() || value.is_string()) continue;
    return fmt::format("{}json: cannot unmarshal {} into Go struct field .{} of type string", parsing,
                       go_type(value), field);
  }
  const std::string_view version = text_member(parsed.value, "apiVersion");
  if (std::count(version.begin(), version.end(), '/') < 2) return "";
  return fmt::format("unexpected GroupVersion string: {}", version);
}

Answer<ParsedJson> read_document(const Schema& schema, const Call& call) {
  const ResourceInfo& resource = *call.resource;
  if (resource.has_protobuf() && base::equals_ignoring_case(call.content_type, protobuf_content_type)) {
    std::optional<Json> document = read_protobuf_object(schema, call.body);
    if (!document) return bad_request(unusable(resource, "the body is not an object in protobuf"));
    return ParsedJson{*std::move(document), {}, {}};
  }
  if (!is_json(call.content_type)) {
    return unknown_format(resource.has_protobuf());
  }
  ParsedJson parsed = parse_json(call.body);
  if (parsed.value.is_null() && parsed.error.empty()) parsed.value = Json::object();
  if (const std::string fault = envelope_fault(parsed); !fault.empty()) {
    return bad_request(fmt::format("the object provided is unrecognized (must be of type {}): {} ({})",
                                   resource.kind, fault, summary(call.body)));
  }
  return parsed;
}

}  // namespace

bool is_json(std::string_view content_type) {
  return content_type.empty() || base::equals_ignoring_case(content_type, json_content_type);
}

Refusal unknown_format(bool protobuf_too) {
  Refusal refusal = unsupported_media_type(
      fmt::format("the body of the request was in an unknown format - accepted media types include: {}{}",
                  json_content_type, protobuf_too ? fmt::format(", {}", protobuf_content_type) : ""));
  refusal.has_details = false;
  return refusal;
}

Answer<Body> read_body(const Core& core, const Call& call) {
  Answer<ParsedJson> parsed = read_document(core.schema, call);
  if (!parsed) return parsed.error();
  Json& document = parsed->value;
  const std::string wrong_type = settle_type(core.table, *call.resource, document);
  if (!wrong_type.empty()) return bad_request(wrong_type);
  Checked checked = check(core.schema, *call.resource, document, parsed->duplicate_fields);
  if (!checked.error.empty()) return bad_request(unusable(*call.resource, checked.error));
  if (is_strict(call) && !checked.complaints.empty()) {
    return bad_request(unusable(*call.resource, strict_error(checked.complaints)));
  }
  return Body{std::move(document), warnings_of(call, std::move(checked.complaints))};
}

Answer<Body> check_patched(const Core& core, const Call& call, Json document,
                           const std::vector<std::string>& duplicate_fields,
                           const std::function<std::string()>& patched_text) {
  const auto refuse = [&patched_text](std::string_view why) {
    return invalid("", "", "", {invalid_value("patch", patched_text(), why)});
  };
  if (!document.is_object()) return refuse("the patched object is not a JSON object");
  const std::string wrong_type = settle_type(core.table, *call.resource, document);
  if (!wrong_type.empty()) return refuse(wrong_type);
  Checked checked = check(core.schema, *call.resource, document, duplicate_fields);
  if (!checked.error.empty()) return refuse(checked.error);
  if (is_strict(call) && !checked.complaints.empty()) return refuse(strict_error(checked.complaints));
  return Body{std::move(document), warnings_of(call, std::move(checked.complaints))};
}

}  // namespace k8scale::apiserver
