#include "validation.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"
#include "kind_validation.h"

namespace k8scale::apiserver {
namespace {

constexpr std::size_t longest_subdomain = 253;
constexpr std::size_t longest_label = 63;
constexpr std::size_t annotations_limit = 256 * 1024;

bool is_lower_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alphanumeric(char c) { return is_lower_alphanumeric(c) || (c >= 'A' && c <= 'Z'); }
bool is_label_character(char c) { return is_lower_alphanumeric(c) || c == '-'; }
bool is_name_character(char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; }

bool is_dns_label(std::string_view text) {
  return !text.empty() && is_lower_alphanumeric(text.front()) && is_lower_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), is_label_character);
}

bool is_subdomain(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_qualified_part(std::string_view text) {
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), is_name_character);
}

std::string too_many_characters(std::size_t limit) {
  return fmt::format("must be no more than {} characters", limit);
}

std::string too_many_bytes(std::size_t limit) { return fmt::format("must be no more than {} bytes", limit); }

void check_name(const ResourceInfo& resource, const Json& metadata, Causes& causes) {
  const std::string_view name = text_member(metadata, "name");
  if (name.empty()) {
    causes.push_back(required("metadata.name", "name or generateName is required"));
    return;
  }
  const bool short_names =
      resource.group.empty() && (resource.plural == "namespaces" || resource.plural == "services");
  const std::string fault = short_names ? dns_label_fault(name) : subdomain_fault(name);
  if (!fault.empty()) causes.push_back(invalid_value("metadata.name", name, fault));
}

void check_generation(const Json& metadata, Causes& causes) {
  const Json& generation = member(metadata, "generation");
  if (generation.is_number_integer() && generation < 0) {
    causes.push_back(
        {"FieldValueInvalid",
         fmt::format("Invalid value: {}: must be greater than or equal to 0", to_text(generation)),
         "metadata.generation"});
  }
}

void check_labels(const Json& metadata, Causes& causes) {
  for (const auto& [key, value] : members(member(metadata, "labels"))) {
    for (const std::string& fault : label_key_faults(key)) {
      causes.push_back(invalid_value("metadata.labels", key, fault));
    }
    const auto& text = value.get_ref<const std::string&>();
    for (const std::string& fault : label_value_faults(text)) {
      causes.push_back(invalid_value("metadata.labels", text, fault));
    }
  }
}

void check_annotations(const Json& metadata, Causes& causes) {
  std::size_t size = 0;
  for (const auto& [key, value] : members(member(metadata, "annotations"))) {
    size += key.size() + value.get_ref<const std::string&>().size();
    for (const std::string& fault : label_key_faults(base::lower(key))) {
      causes.push_back(invalid_value("metadata.annotations", key, fault));
    }
  }
  if (size > annotations_limit) causes.push_back(too_long("metadata.annotations", annotations_limit));
}

void check_owner(const Json& owner, const std::string& field, Causes& causes) {
  const std::string_view api_version = text_member(owner, "apiVersion");
  if (!api_version.empty() &&
      (std::count(api_version.begin(), api_version.end(), '/') > 1 || api_version.ends_with('/'))) {
    causes.push_back(
        invalid_value(field + ".apiVersion", api_version, "must be <group>/<version> or <version>"));
  }
  for (const char* each : {"apiVersion", "kind", "name", "uid"}) {
    if (text_member(owner, each).empty()) {
      causes.push_back(required(fmt::format("{}.{}", field, each), "must not be empty"));
    }
  }
  if (api_version == "v1" && text_member(owner, "kind") == "Event") {
    causes.push_back(
        {"FieldValueInvalid",
         fmt::format("Invalid value: {}: /v1, Kind=Event is disallowed from being an owner", to_text(owner)),
         field});
  }
}

void check_owners(const Json& metadata, Causes& causes) {
  const Json& owners = member(metadata, "ownerReferences");
  std::string controller;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    check_owner(owners[i], fmt::format("metadata.ownerReferences[{}]", i), causes);
    if (member(owners[i], "controller") != true) continue;
    std::string name = fmt::format("{}/{}", text_member(owners[i], "kind"), text_member(owners[i], "name"));
    if (controller.empty()) {
      controller = std::move(name);
      continue;
    }
    causes.push_back(
        {"FieldValueInvalid",
         fmt::format("Invalid value: {}: Only one reference can have Controller set to true. Found "
                     "\"true\" in references for {} and {}",
                     to_text(owners), controller, name),
         "metadata.ownerReferences"});
  }
}

void check_finalizers(const Json& metadata, Causes& causes) {
  const Json& finalizers = member(metadata, "finalizers");
  for (std::size_t i = 0; i < finalizers.size(); ++i) {
    const auto& name = finalizers[i].get_ref<const std::string&>();
    for (const std::string& fault : label_key_faults(name)) {
      causes.push_back(invalid_value("metadata.finalizers", name, fault));
    }
    const bool known = name == "orphan" || name == "foregroundDeletion";
    if (!known && name.find('/') == std::string::npos) {
      causes.push_back(invalid_value(fmt::format("metadata.finalizers[{}]", i), name,
                                     "name is neither a standard finalizer name nor is it fully qualified"));
    }
  }
  const auto has = [&](std::string_view name) {
    return std::find(finalizers.begin(), finalizers.end(), name) != finalizers.end();
  };
  if (has("orphan") && has("foregroundDeletion")) {
    causes.push_back(
        {"FieldValueInvalid",
         fmt::format("Invalid value: {}: finalizer orphan and foregroundDeletion cannot be both set",
                     to_text(finalizers)),
         "metadata.finalizers"});
  }
}

void check_new_finalizers(const Json& metadata, const Json& previous, Causes& causes) {
  if (!previous.contains("deletionTimestamp")) return;
  const Json& old = member(previous, "finalizers");
  for (const Json& each : member(metadata, "finalizers")) {
    if (std::find(old.begin(), old.end(), each) != old.end()) continue;
    causes.push_back(forbidden_field(
        "metadata.finalizers",
        fmt::format("no new finalizers can be added if the object is being deleted, found new finalizers "
                    "[]string{{{}}}",
                    base::go_quote(each.get_ref<const std::string&>()))));
  }
}

}  // namespace

std::string subdomain_fault(std::string_view name) {
  if (name.size() > longest_subdomain) return too_many_characters(longest_subdomain);
  if (is_subdomain(name)) return "";
  return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
         "must "
         "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

std::string dns_label_fault(std::string_view name) {
  if (name.find('.') != std::string_view::npos) return "must not contain dots";
  if (name.size() > longest_label) return too_many_characters(longest_label);
  if (is_dns_label(name)) return "";
  return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
         "start and "
         "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

std::vector<std::string> label_key_faults(std::string_view key) {
  constexpr std::string_view rule =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
      "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
      "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  std::vector<std::string> faults;
  const std::size_t slash = key.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    key.remove_prefix(slash + 1);
    if (key.find('/') != std::string_view::npos) {
      return {
          fmt::format("a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. "
                      "'example.com/MyName')",
                      rule)};
    }
    const std::string fault = prefix.empty() ? "must be non-empty" : subdomain_fault(prefix);
    if (!fault.empty()) faults.push_back("prefix part " + fault);
  }
  if (key.empty()) faults.emplace_back("name part must be non-empty");
  if (key.size() > longest_label) faults.push_back("name part " + too_many_bytes(longest_label));
  if (!is_qualified_part(key)) faults.push_back(fmt::format("name part {}", rule));
  return faults;
}

std::vector<std::string> label_value_faults(std::string_view value) {
  std::vector<std::string> faults;
  if (value.size() > longest_label) faults.push_back(too_many_bytes(longest_label));
  if (!value.empty() && !is_qualified_part(value)) {
    faults.emplace_back(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
        "must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
        "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
  }
  return faults;
}

Causes validate(const ResourceInfo& resource, const Json& document) {
  Causes causes;
  const Json& metadata = member(document, "metadata");
  check_name(resource, metadata, causes);
  check_generation(metadata, causes);
  check_labels(metadata, causes);
  check_annotations(metadata, causes);
  check_owners(metadata, causes);
  check_finalizers(metadata, causes);
  if (resource.builtin) check_kind(resource.kind, document, causes);
  return causes;
}

Causes validate_update(const ResourceInfo& resource, const Json& document, const Json& previous) {
  Causes causes = validate(resource, document);
  const Json& metadata = member(document, "metadata");
  const Json& before = member(previous, "metadata");
  if (member(metadata, "uid") != member(before, "uid")) {
    causes.push_back(invalid_value("metadata.uid", text_member(metadata, "uid"), "field is immutable"));
  }
  check_new_finalizers(metadata, before, causes);
  if (resource.builtin) check_kind_update(resource.kind, document, previous, causes);
  return causes;
}

}  // namespace k8scale::apiserver
