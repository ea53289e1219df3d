#include "preparation.h"

#include <fmt/format.h>

#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

void default_to(Json& object, const char* name, Json value) {
  if (!object.contains(name)) object[name] = std::move(value);
}

void prepare_namespace(Json& document) {
  Json& metadata = document["metadata"];
  metadata["labels"]["kubernetes.io/metadata.name"] = metadata["name"];
  default_to(document["spec"], "finalizers", Json::array({"kubernetes"}));
  default_to(document["status"], "phase", "Active");
}

void prepare_secret(Json& document) {
  default_to(document, "type", "Opaque");
  if (!document.contains("stringData")) return;
  for (const auto& [key, value] : members(document["stringData"])) {
    document["data"][key] = base::base64_encode(value.get_ref<const std::string&>());
  }
  document.erase("stringData");
}

void prepare_service(Json& document) {
  Json& spec = document["spec"];
  default_to(spec, "type", "ClusterIP");
  default_to(spec, "sessionAffinity", "None");
  if (text_member(spec, "type") != "ExternalName") default_to(spec, "internalTrafficPolicy", "Cluster");
  if (spec.contains("ports")) {
    for (Json& port : spec["ports"]) {
      default_to(port, "protocol", "TCP");
      if (port.contains("port")) default_to(port, "targetPort", port["port"]);
    }
  }
  default_to(document["status"], "loadBalancer", Json::object());
}

void prepare_event(Json& document) {
  default_to(document, "source", Json::object());
  default_to(document, "involvedObject", Json::object());
  default_to(document, "eventTime", nullptr);
  default_to(document, "reportingComponent", "");
  default_to(document, "reportingInstance", "");
}

void prepare_endpoints(Json& document) {
  if (!document.contains("subsets")) return;
  for (Json& subset : document["subsets"]) {
    if (!subset.contains("ports")) continue;
    for (Json& port : subset["ports"]) default_to(port, "protocol", "TCP");
  }
}

void prepare_endpoint_slice(Json& document) {
  default_to(document, "endpoints", Json::array());
  default_to(document, "ports", nullptr);
  if (!document["ports"].is_array()) return;
  for (Json& port : document["ports"]) {
    default_to(port, "name", "");
    default_to(port, "protocol", "TCP");
  }
}

// Whether the parts of two documents that the kind's user states are the same.
bool same_spec(const Json& left, const Json& right) {
  Json a = left, b = right;
  for (const char* ignored : {"metadata", "status"}) {
    a.erase(ignored);
    b.erase(ignored);
  }
  return a == b;
}

void restore(Json& object, const Json& before, const char* field) {
  if (before.contains(field)) {
    object[field] = before[field];
  } else {
    object.erase(field);
  }
}

// Whose status only a subresource sets, which this server has not.
bool has_status_of_its_own(const ResourceInfo& resource) {
  return resource.builtin && (resource.kind == "Namespace" || resource.kind == "Service");
}

}  // namespace

std::string make_uid(base::Random& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string uid = "xxxxxxxx-xxxx-4xxx-xxxx-xxxxxxxxxxxx";  // version 4 (RFC 9562, 5.4)
  std::uint64_t bits = random.next();
  std::size_t written = 0;
  for (char& place : uid) {
    if (place != 'x') continue;
    if (written++ == digits.size()) bits = random.next();  // 16 digits take 64 bits
    place = digits[bits & 0xFU];
    bits >>= 4U;
  }
  constexpr std::size_t variant = 19;
  uid[variant] = "89ab"[random.next() & 3U];
  return uid;
}

std::string generate_name(std::string_view prefix, base::Random& random) {
  static constexpr std::string_view letters = "bcdfghjklmnpqrstvwxz2456789";
  constexpr std::size_t longest = 63, added = 5;
  std::string name(prefix.substr(0, longest - added));
  for (std::size_t i = 0; i < added; ++i) name += letters[random.below(letters.size())];
  return name;
}

void fill_defaults(const ResourceInfo& resource, Json& document) {
  if (!resource.builtin) return;
  if (resource.kind == "Namespace") prepare_namespace(document);
  if (resource.kind == "Secret") prepare_secret(document);
  if (resource.kind == "Service") prepare_service(document);
  if (resource.kind == "Event") prepare_event(document);
  if (resource.kind == "Endpoints") prepare_endpoints(document);
  if (resource.kind == "EndpointSlice") prepare_endpoint_slice(document);
  if (resource.kind == "Lease") default_to(document, "spec", Json::object());
  if (resource.kind == "Flunder") {
    default_to(document, "spec", Json::object());
    default_to(document, "status", Json::object());
  }
}

void start_metadata(const ResourceInfo& resource, Json& document, base::WallTime now, base::Random& random) {
  Json& metadata = document["metadata"];
  for (const char* field : {"selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    metadata.erase(field);
  }
  metadata["uid"] = make_uid(random);
  metadata["creationTimestamp"] = base::format_rfc3339(now);
  if (resource.counts_generation) metadata["generation"] = 1;
  if (has_status_of_its_own(resource)) document.erase("status");
}

void carry_metadata(const ResourceInfo& resource, Json& document, const Json& previous) {
  Json& metadata = document["metadata"];
  const Json& before = member(previous, "metadata");
  for (const char* field : {"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
                            "generation", "generateName"}) {
    restore(metadata, before, field);
  }
  if (has_status_of_its_own(resource)) restore(document, previous, "status");
  if (resource.builtin && resource.kind == "Namespace") {
    restore(document["spec"], member(previous, "spec"), "finalizers");
  }
  metadata.erase("selfLink");
  if (!metadata.contains("uid")) metadata["uid"] = before["uid"];
  for (const char* field : {"labels", "annotations", "finalizers", "ownerReferences"}) {
    if (member(metadata, field).empty()) metadata.erase(field);
  }
  if (resource.counts_generation && !same_spec(document, previous)) {
    const Json& generation = member(before, "generation");
    metadata["generation"] = (generation.is_number() ? generation.get<std::int64_t>() : 0) + 1;
  }
}

}  // namespace k8scale::apiserver
