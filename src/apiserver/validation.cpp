#include "validation.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

constexpr std::size_t longest_subdomain = 253;
constexpr std::size_t longest_label = 63;
constexpr std::size_t annotations_limit = 256 * 1024;
constexpr std::size_t data_limit = 1024 * 1024;

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

// A data key of a ConfigMap or Secret.
std::string data_key_fault(std::string_view key) {
  if (key.size() > longest_subdomain) return too_many_characters(longest_subdomain);
  if (key.empty() || !std::all_of(key.begin(), key.end(), is_name_character)) {
    return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  "
           "or "
           "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  }
  if (key == ".") return "must not be '.'";
  if (key == "..") return "must not be '..'";
  return key.starts_with("..") ? "must not start with '..'" : "";
}

using Causes = std::vector<Cause>;

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

void check_labels(const Json& metadata, Causes& causes) {
  for (const auto& [key, value] : member(metadata, "labels").items()) {
    if (std::string fault = label_key_fault(key); !fault.empty()) {
      causes.push_back(invalid_value("metadata.labels", key, fault));
    }
    const auto& text = value.get_ref<const std::string&>();
    if (std::string fault = label_value_fault(text); !fault.empty()) {
      causes.push_back(invalid_value("metadata.labels", text, fault));
    }
  }
}

void check_annotations(const Json& metadata, Causes& causes) {
  std::size_t size = 0;
  for (const auto& [key, value] : member(metadata, "annotations").items()) {
    size += key.size() + value.get_ref<const std::string&>().size();
    if (std::string fault = label_key_fault(base::lower(key)); !fault.empty()) {
      causes.push_back(invalid_value("metadata.annotations", key, fault));
    }
  }
  if (size > annotations_limit) causes.push_back(too_long("metadata.annotations", annotations_limit));
}

void check_owners(const Json& metadata, Causes& causes) {
  const Json& owners = member(metadata, "ownerReferences");
  for (std::size_t i = 0; i < owners.size(); ++i) {
    for (const char* field : {"apiVersion", "kind", "name", "uid"}) {
      if (!text_member(owners[i], field).empty()) continue;
      causes.push_back(
          required(fmt::format("metadata.ownerReferences[{}].{}", i, field), "must not be empty"));
    }
  }
}

void check_finalizers(const Json& metadata, Causes& causes) {
  for (const Json& each : member(metadata, "finalizers")) {
    const auto& name = each.get_ref<const std::string&>();
    const bool known = name == "orphan" || name == "foregroundDeletion";
    std::string fault = label_key_fault(name);
    if (fault.empty() && !known && name.find('/') == std::string::npos) {
      fault = "name is neither a standard finalizer name nor is it fully qualified";
    }
    if (!fault.empty()) causes.push_back(invalid_value("metadata.finalizers", name, fault));
  }
}

// Checks keys and adds up the size of keys' values: text, or base64 that counts as what it stands for.
std::size_t check_data(const Json& data, std::string_view field, bool base64, Causes& causes) {
  std::size_t size = 0;
  for (const auto& [key, value] : data.items()) {
    const std::string fault = data_key_fault(key);
    if (!fault.empty()) causes.push_back(invalid_value(fmt::format("{}[{}]", field, key), key, fault));
    const auto& text = value.get_ref<const std::string&>();
    size += base64 ? text.size() / 4 * 3 : text.size();
  }
  return size;
}

void check_config_map(const Json& document, Causes& causes) {
  const Json& data = member(document, "data");
  const Json& binary = member(document, "binaryData");
  const std::size_t size =
      check_data(data, "data", false, causes) + check_data(binary, "binaryData", true, causes);
  for (const auto& [key, value] : data.items()) {
    if (!binary.contains(key)) continue;
    causes.push_back(
        invalid_value(fmt::format("data[{}]", key), key, "duplicate of key present in binaryData"));
  }
  if (size > data_limit) causes.push_back(too_long("[]", data_limit));
}

void check_secret(const Json& document, Causes& causes) {
  const Json& data = member(document, "data");
  if (check_data(data, "data", true, causes) > data_limit) causes.push_back(too_long("data", data_limit));
  if (text_member(document, "type") != "kubernetes.io/tls") return;
  for (const char* key : {"tls.crt", "tls.key"}) {
    if (!data.contains(key)) causes.push_back(required(fmt::format("data[{}]", key)));
  }
}

void check_service(const Json& document, Causes& causes) {
  const Json& spec = member(document, "spec");
  const Json& ports = member(spec, "ports");
  const std::string_view type = text_member(spec, "type");
  const bool needs_ports = type != "ExternalName" && text_member(spec, "clusterIP") != "None";
  if (ports.empty() && needs_ports) causes.push_back(required("spec.ports"));
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports.size() > 1 && text_member(ports[i], "name").empty()) {
      causes.push_back(required(fmt::format("spec.ports[{}].name", i)));
    }
    const auto port = member(ports[i], "port").is_number() ? ports[i]["port"].get<std::int64_t>() : 0;
    if (port < 1 || port > 65535) {
      causes.push_back({"FieldValueInvalid",
                        fmt::format("Invalid value: {}: must be between 1 and 65535, inclusive", port),
                        fmt::format("spec.ports[{}].port", i)});
    }
  }
}

void check_immutable(const Json& document, const Json& previous, Causes& causes) {
  if (member(previous, "immutable") != true) return;
  constexpr std::string_view why = "field is immutable when `immutable` is set";
  if (member(document, "immutable") != true) causes.push_back(forbidden_field("immutable", why));
  for (const char* field : {"data", "binaryData"}) {
    if (member(document, field) != member(previous, field)) causes.push_back(forbidden_field(field, why));
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

std::string label_key_fault(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view prefix = key.substr(0, slash);
    if (prefix.empty()) return "prefix part must be non-empty";
    if (std::string fault = subdomain_fault(prefix); !fault.empty()) return "prefix part " + fault;
    key.remove_prefix(slash + 1);
  }
  if (key.empty()) return "name part must be non-empty";
  if (key.size() > longest_label) return "name part " + too_many_characters(longest_label);
  if (is_qualified_part(key)) return "";
  return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
         "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
         "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
}

std::string label_value_fault(std::string_view value) {
  if (value.size() > longest_label) return too_many_characters(longest_label);
  if (value.empty() || is_qualified_part(value)) return "";
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
         "must "
         "start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex "
         "used "
         "for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

std::vector<Cause> validate(const ResourceInfo& resource, const Json& document) {
  Causes causes;
  const Json& metadata = member(document, "metadata");
  check_name(resource, metadata, causes);
  check_labels(metadata, causes);
  check_annotations(metadata, causes);
  check_owners(metadata, causes);
  check_finalizers(metadata, causes);
  if (resource.kind == "ConfigMap" && resource.builtin) check_config_map(document, causes);
  if (resource.kind == "Secret" && resource.builtin) check_secret(document, causes);
  if (resource.kind == "Service" && resource.builtin) check_service(document, causes);
  return causes;
}

std::vector<Cause> validate_update(const ResourceInfo& resource, const Json& document, const Json& previous) {
  Causes causes = validate(resource, document);
  const Json& metadata = member(document, "metadata");
  const Json& before = member(previous, "metadata");
  if (member(metadata, "uid") != member(before, "uid")) {
    causes.push_back(invalid_value("metadata.uid", text_member(metadata, "uid"), "field is immutable"));
  }
  check_new_finalizers(metadata, before, causes);
  if (resource.kind == "ConfigMap" || resource.kind == "Secret") check_immutable(document, previous, causes);
  if (resource.kind == "Secret" && member(document, "type") != member(previous, "type")) {
    causes.push_back(invalid_value("type", text_member(document, "type"), "field is immutable"));
  }
  return causes;
}

}  // namespace k8scale::apiserver
