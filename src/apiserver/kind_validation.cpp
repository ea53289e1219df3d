#include "kind_validation.h"

#include <fmt/format.h>

#include <algorithm>

namespace k8scale::apiserver {
namespace {

constexpr std::size_t longest_data_key = 253;
constexpr std::size_t data_limit = 1024 * 1024;

bool is_data_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

Cause invalid_number(std::string field, const Json& value, std::string_view detail) {
  return {"FieldValueInvalid",
          fmt::format("Invalid value: {}: {}", value.is_null() ? "0" : to_text(value), detail),
          std::move(field)};
}

// A data key of a ConfigMap or Secret.
std::string data_key_fault(std::string_view key) {
  if (key.size() > longest_data_key) {
    return fmt::format("must be no more than {} characters", longest_data_key);
  }
  if (key.empty() || !std::all_of(key.begin(), key.end(), is_data_key_character)) {
    return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  "
           "or "
           "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
  }
  if (key == ".") return "must not be '.'";
  if (key == "..") return "must not be '..'";
  return key.starts_with("..") ? "must not start with '..'" : "";
}

// Of base64, which was checked before.
std::size_t decoded_size(std::string_view text) {
  const std::size_t padding = text.size() - std::min(text.find_last_not_of('=') + 1, text.size());
  return text.size() / 4 * 3 - padding;
}

// Checks keys and adds up the size of keys' values: text, or base64 that counts as what it stands for.
std::size_t check_data(const Json& data, std::string_view field, bool base64, Causes& causes) {
  std::size_t size = 0;
  for (const auto& [key, value] : members(data)) {
    const std::string fault = data_key_fault(key);
    if (!fault.empty()) causes.push_back(invalid_value(fmt::format("{}[{}]", field, key), key, fault));
    const auto& text = value.get_ref<const std::string&>();
    size += base64 ? decoded_size(text) : text.size();
  }
  return size;
}

void check_config_map(const Json& document, Causes& causes) {
  const Json& data = member(document, "data");
  const Json& binary = member(document, "binaryData");
  const std::size_t size =
      check_data(data, "data", false, causes) + check_data(binary, "binaryData", true, causes);
  for (const auto& [key, value] : members(data)) {
    if (!binary.contains(key)) continue;
    causes.push_back(
        invalid_value(fmt::format("data[{}]", key), key, "duplicate of key present in binaryData"));
  }
  if (size > data_limit) causes.push_back(too_long("[]", data_limit));
}

void check_secret(const Json& document, Causes& causes) {
  const Json& data = member(document, "data");
  if (check_data(data, "data", true, causes) > data_limit) causes.push_back(too_long("data", data_limit));
  const std::string_view type = text_member(document, "type");
  const auto require = [&](const char* key) {
    if (!data.contains(key)) causes.push_back(required(fmt::format("data[{}]", key)));
  };
  if (type == "kubernetes.io/tls") {
    require("tls.crt");
    require("tls.key");
  }
  if (type == "kubernetes.io/dockercfg") require(".dockercfg");
  if (type == "kubernetes.io/dockerconfigjson") require(".dockerconfigjson");
  if (type == "kubernetes.io/ssh-auth") require("ssh-privatekey");
  if (type == "kubernetes.io/basic-auth" && !data.contains("username") && !data.contains("password")) {
    require("username");
    require("password");
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
    for (const char* field : {"port", "targetPort"}) {
      const Json& port = member(ports[i], field);
      if (port.is_string() || (port >= 1 && port <= 65535)) continue;
      causes.push_back(invalid_number(fmt::format("spec.ports[{}].{}", i, field), port,
                                      "must be between 1 and 65535, inclusive"));
    }
  }
}

void check_lease(const Json& document, Causes& causes) {
  const Json& spec = member(document, "spec");
  const Json& duration = member(spec, "leaseDurationSeconds");
  if (!duration.is_null() && duration <= 0) {
    causes.push_back(invalid_number("spec.leaseDurationSeconds", duration, "must be greater than 0"));
  }
  const Json& transitions = member(spec, "leaseTransitions");
  if (!transitions.is_null() && transitions < 0) {
    causes.push_back(
        invalid_number("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
  }
}

// An event is kept beside what it is about; in namespace default also what has no namespace.
void check_event(const Json& document, Causes& causes) {
  const std::string_view own = text_member(member(document, "metadata"), "namespace");
  const std::string_view involved = text_member(member(document, "involvedObject"), "namespace");
  if (involved == own || (involved.empty() && own == "default")) return;
  causes.push_back(invalid_value("involvedObject.namespace", involved, "does not match event.namespace"));
}

void check_endpoint_slice(const Json& document, Causes& causes) {
  const std::string_view type = text_member(document, "addressType");
  if (type.empty()) {
    causes.push_back(required("addressType"));
  } else if (type != "IPv4" && type != "IPv6" && type != "FQDN") {
    causes.push_back(
        not_supported("addressType", fmt::format("\"{}\"", type), "\"FQDN\", \"IPv4\", \"IPv6\""));
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

}  // namespace

void check_kind(std::string_view kind, const Json& document, Causes& causes) {
  if (kind == "ConfigMap") check_config_map(document, causes);
  if (kind == "Secret") check_secret(document, causes);
  if (kind == "Service") check_service(document, causes);
  if (kind == "Lease") check_lease(document, causes);
  if (kind == "Event") check_event(document, causes);
  if (kind == "EndpointSlice") check_endpoint_slice(document, causes);
}

void check_kind_update(std::string_view kind, const Json& document, const Json& previous, Causes& causes) {
  if (kind == "ConfigMap" || kind == "Secret") check_immutable(document, previous, causes);
  if (kind == "Secret" && member(document, "type") != member(previous, "type")) {
    causes.push_back(invalid_value("type", text_member(document, "type"), "field is immutable"));
  }
}

}  // namespace k8scale::apiserver
