#include "options.h"

#include <fmt/format.h>

#include <algorithm>

#include "body.h"
#include "k8scale/base/number.h"
#include "k8scale/base/text.h"
#include "protobuf.h"

namespace k8scale::apiserver {
namespace {

using Causes = std::vector<Cause>;

Answer<void> refuse_if_any(std::string_view kind, Causes causes) {
  if (causes.empty()) return {};
  return invalid("meta.k8s.io", kind, "", std::move(causes));
}

void check_dry_run(const std::vector<std::string>& values, Causes& causes) {
  std::string text;
  bool all_supported = true;
  for (const std::string& each : values) {
    all_supported = all_supported && each == "All";
    text += (text.empty() ? "" : ",") + base::go_quote(each);
  }
  if (!all_supported) causes.push_back(not_supported("dryRun", fmt::format("[{}]", text), "\"All\""));
}

void check_field_manager(std::string_view manager, Causes& causes) {
  constexpr std::size_t longest = 128;
  if (manager.size() > longest) causes.push_back(too_long("fieldManager", longest));
  for (std::size_t i = 0; i < manager.size(); ++i) {
    const auto byte = static_cast<unsigned char>(manager[i]);
    if (byte >= 0x20 && byte != 0x7F) continue;
    causes.push_back(invalid_value("fieldManager", manager,
                                   fmt::format("invalid character U+{:04X} (at position {})", byte, i)));
  }
}

void check_propagation(const Json& options, Causes& causes) {
  const Json& policy = member(options, "propagationPolicy");
  if (policy.is_null()) return;
  const auto& text = policy.get_ref<const std::string&>();
  if (options.contains("orphanDependents")) {
    causes.push_back(invalid_value("propagationPolicy", text,
                                   "orphanDependents and deletionPropagation cannot be both set"));
  }
  if (text != "Foreground" && text != "Background" && text != "Orphan") {
    causes.push_back(not_supported("propagationPolicy", base::go_quote(text),
                                   "\"Foreground\", \"Background\", \"Orphan\", \"nil\""));
  }
}

Answer<Json> options_in_query(const Call& call) {
  Json options = Json::object();
  for (const auto& [name, value] : call.query) {
    if (name == "propagationPolicy" && !options.contains(name)) options[name] = value;
    if (name == "dryRun") options[name].push_back(value);
    if (name == "orphanDependents" && !options.contains(name))
      options[name] = value != "false" && value != "0";
    if (name == "gracePeriodSeconds" && !base::parse_number<std::int64_t>(value)) {
      return bad_request(fmt::format("strconv.ParseInt: parsing {}: invalid syntax", base::go_quote(value)));
    }
  }
  return Answer<Json>(boost::system::in_place_value, std::move(options));
}

Answer<Json> options_in_body(const Core& core, const Call& call) {
  using Options = Answer<Json>;
  if (is_protobuf_object(call.body)) {
    auto document = read_protobuf_object(core.schema, call.body);
    if (!document) return bad_request("couldn't get version/kind; the body is not an object in protobuf");
    return Options(boost::system::in_place_value, *std::move(document));
  }
  if (!is_json(call.content_type)) return unknown_format(true);
  ParsedJson parsed = parse_json(call.body);
  if (parsed.error.empty() && !parsed.value.is_object()) {
    parsed.error =
        fmt::format("json: cannot unmarshal {} into Go value of type struct", go_type(parsed.value));
  }
  if (!parsed.error.empty()) {
    return bad_request("couldn't get version/kind; json parse error: " + parsed.error);
  }
  const std::string_view kind = text_member(parsed.value, "kind");
  if (!kind.empty() && kind != "DeleteOptions") {
    const std::string_view version = text_member(parsed.value, "apiVersion");
    return bad_request(fmt::format("no kind {} is registered for version {}", base::go_quote(kind),
                                   base::go_quote(version.empty() ? "v1" : version)));
  }
  const Schema::Findings findings = core.schema.conform("DeleteOptions", parsed.value);
  if (!findings.error.empty()) return bad_request(findings.error);
  return Options(boost::system::in_place_value, std::move(parsed.value));
}

}  // namespace

Answer<void> check_write_options(const Call& call, std::string_view kind) {
  if (call.query.empty()) return {};
  Causes causes;
  if (kind == "PatchOptions" && call.has_option("force")) {
    causes.push_back(forbidden_field("force", "may not be specified for non-apply patch"));
  }
  check_field_manager(call.option("fieldManager"), causes);
  std::vector<std::string> dry_run;
  for (const auto& [name, value] : call.query) {
    if (name == "dryRun") dry_run.push_back(value);
  }
  check_dry_run(dry_run, causes);
  const std::string_view validation = call.option("fieldValidation");
  if (!validation.empty() && validation != "Ignore" && validation != "Warn" && validation != "Strict") {
    causes.push_back(not_supported("fieldValidation", base::go_quote(validation),
                                   "\"\", \"Ignore\", \"Strict\", \"Warn\""));
  }
  return refuse_if_any(kind, std::move(causes));
}

Answer<DeleteOptions> read_delete_options(const Core& core, const Call& call) {
  Answer<Json> given = call.body.empty() ? options_in_query(call) : options_in_body(core, call);
  if (!given) return given.error();
  const Json options = *std::move(given);
  Causes causes;
  check_propagation(options, causes);
  const Json& dry_run = member(options, "dryRun");
  if (!dry_run.is_null()) check_dry_run(dry_run.get<std::vector<std::string>>(), causes);
  if (const auto valid = refuse_if_any("DeleteOptions", std::move(causes)); !valid) return valid.error();
  const Json& preconditions = member(options, "preconditions");
  return DeleteOptions{std::string(text_member(preconditions, "uid")),
                       std::string(text_member(preconditions, "resourceVersion")), !dry_run.empty()};
}

}  // namespace k8scale::apiserver
