#include "apiserver/validation.h"

#include "api.h"
#include "catch.h"
#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

const ResourceTable& resources() {
  static const ResourceTable built_in({});
  return built_in;
}

// "FIELD: MESSAGE" of what is wrong with an object of a core resource that is about to be.
std::vector<std::string> faults(std::string_view plural, const Json& document) {
  std::vector<std::string> found;
  for (const Cause& cause : validate(*resources().find("", "v1", plural), document)) {
    found.push_back(cause.field + ": " + cause.message);
  }
  return found;
}

std::vector<std::string> metadata_faults(Json metadata) {
  if (!metadata.contains("name")) metadata["name"] = "good";
  return faults("configmaps", {{"metadata", std::move(metadata)}});
}

std::string only(const std::vector<std::string>& all) { return all.size() == 1 ? all.front() : ""; }

constexpr std::string_view key_rule =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

}  // namespace

TEST_CASE("names are DNS subdomains, those of namespaces and services are labels") {
  for (const char* good : {"a", "9", "a-b", "a.b.c", "a--b", "0.1"}) CHECK(subdomain_fault(good).empty());
  CHECK(subdomain_fault(std::string(253, 'a')).empty());
  CHECK(subdomain_fault(std::string(254, 'a')) == "must be no more than 253 characters");
  for (const char* bad : {"", "A", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a_b", "a b", "ä", "a/b"}) {
    CHECK(
        subdomain_fault(bad) ==
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
        "must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
  }
  CHECK(dns_label_fault("a-1").empty());
  CHECK(dns_label_fault(std::string(63, 'a')).empty());
  CHECK(dns_label_fault(std::string(64, 'a')) == "must be no more than 63 characters");
  CHECK(dns_label_fault("a.b") == "must not contain dots");
  CHECK(dns_label_fault("A").starts_with("a lowercase RFC 1123 label must consist of"));
  CHECK(faults("namespaces", {{"metadata", {{"name", "a.b"}}}}).size() == 1);
  CHECK(faults("configmaps", {{"metadata", {{"name", "a.b"}}}}).empty());
  CHECK(only(faults("configmaps", {{"metadata", Json::object()}})) ==
        "metadata.name: Required value: name or generateName is required");
}

TEST_CASE("label keys are qualified names") {
  for (const std::string& good : {std::string("a"), std::string("A_b.c-9"), std::string("x.io/a"),
                                  std::string(63, 'a'), std::string(253, 'x') + "/" + std::string(63, 'a')}) {
    CHECK(label_key_faults(good).empty());
  }
  const std::string rule(key_rule);
  CHECK(label_key_faults("") == Names{"name part must be non-empty", "name part " + rule});
  CHECK(label_key_faults("x.io/") == Names{"name part must be non-empty", "name part " + rule});
  CHECK(label_key_faults("-a") == Names{"name part " + rule});
  CHECK(label_key_faults(std::string(64, 'a')) == Names{"name part must be no more than 63 bytes"});
  CHECK(label_key_faults("/a") == Names{"prefix part must be non-empty"});
  CHECK(label_key_faults("X/a").front().starts_with("prefix part a lowercase RFC 1123 subdomain must"));
  CHECK(label_key_faults("a/b/c") ==
        Names{"a valid label key " + rule +
              " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"});
}

TEST_CASE("label values are short words or empty") {
  for (const std::string& good :
       {std::string(), std::string("a"), std::string("A_b.c-9"), std::string(63, 'v')}) {
    CHECK(label_value_faults(good).empty());
  }
  CHECK(label_value_faults(std::string(64, 'v')) == Names{"must be no more than 63 bytes"});
  CHECK(label_value_faults("a b").front().starts_with("a valid label must be an empty string or consist of"));
  CHECK(label_value_faults("-" + std::string(63, 'v')).size() == 2);
}

TEST_CASE("what is wrong with metadata is said by field") {
  CHECK(metadata_faults(Json::object()).empty());
  CHECK(metadata_faults({{"labels", {{"a b", "c d"}}}}).size() == 2);
  CHECK(metadata_faults({{"annotations", {{"UPPER.io/Case", "any \n value"}}}}).empty());
  CHECK(only(metadata_faults({{"annotations", {{"x/y/z", ""}}}}))
            .starts_with("metadata.annotations: Invalid value: \"x/y/z\": a valid label key "));
  CHECK(metadata_faults({{"annotations", {{"k", std::string(256 * 1024 - 1, 'x')}}}}).empty());
  CHECK(only(metadata_faults({{"annotations", {{"k", std::string(256 * 1024, 'x')}}}})) ==
        "metadata.annotations: Too long: may not be more than 262144 bytes");
  CHECK(only(metadata_faults({{"generation", -1}})) ==
        "metadata.generation: Invalid value: -1: must be greater than or equal to 0");
}

TEST_CASE("owners and finalizers are checked") {
  const Json owner = {{"apiVersion", "v1"}, {"kind", "K"}, {"name", "n"}, {"uid", "u"}};
  const auto owned_by = [](const Json& owners) { return metadata_faults({{"ownerReferences", owners}}); };
  CHECK(owned_by({owner, owner}).empty());
  Json wrong = owner;
  wrong["kind"] = "";
  wrong.erase("uid");
  CHECK(owned_by(Json::array({owner, wrong})) ==
        Names{"metadata.ownerReferences[1].kind: Required value: must not be empty",
              "metadata.ownerReferences[1].uid: Required value: must not be empty"});
  wrong = owner;
  wrong["apiVersion"] = "a/b/c";
  CHECK(only(owned_by(Json::array({wrong}))) ==
        "metadata.ownerReferences[0].apiVersion: Invalid value: \"a/b/c\": must be <group>/<version> or "
        "<version>");
  wrong = owner;
  wrong["kind"] = "Event";
  CHECK(only(owned_by(Json::array({wrong}))).ends_with("/v1, Kind=Event is disallowed from being an owner"));
  Json controller = owner;
  controller["controller"] = true;
  CHECK(owned_by(Json::array({controller, owner})).empty());
  CHECK(only(owned_by(Json::array({controller, controller})))
            .ends_with("Only one reference can have Controller set to true. Found \"true\" in references for "
                       "K/n and K/n"));

  const auto with_finalizers = [](const Json& names) { return metadata_faults({{"finalizers", names}}); };
  CHECK(with_finalizers({"x.io/a", "orphan"}).empty());
  CHECK(
      only(with_finalizers({"x.io/a", "nonsense"})) ==
      "metadata.finalizers[1]: Invalid value: \"nonsense\": name is neither a standard finalizer name nor is "
      "it fully qualified");
  CHECK(only(with_finalizers({"orphan", "foregroundDeletion"}))
            .ends_with("finalizer orphan and foregroundDeletion cannot be both set"));
}

TEST_CASE("a ConfigMap's keys and size are limited") {
  const auto data_faults = [](const Json& data, const Json& binary = Json::object()) {
    return faults("configmaps", {{"metadata", {{"name", "n"}}}, {"data", data}, {"binaryData", binary}});
  };
  CHECK(data_faults({{"A-b_c.9", ""}, {"...", ""}}).size() == 1);
  CHECK(only(data_faults({{"..a", ""}})) == "data[..a]: Invalid value: \"..a\": must not start with '..'");
  CHECK(only(data_faults({{".", ""}})) == "data[.]: Invalid value: \".\": must not be '.'");
  CHECK(only(data_faults({{"..", ""}})) == "data[..]: Invalid value: \"..\": must not be '..'");
  CHECK(only(data_faults({{"a b", ""}})).find("a valid config key must consist of") != std::string::npos);
  CHECK(only(data_faults({{std::string(254, 'a'), ""}})).ends_with("must be no more than 253 characters"));
  CHECK(only(data_faults({{"a", ""}}, {{"a", ""}})) ==
        "data[a]: Invalid value: \"a\": duplicate of key present in binaryData");
  CHECK(data_faults({{"a", std::string(1024 * 1024, 'x')}}).empty());
  CHECK(only(data_faults({{"a", std::string(1024 * 1024, 'x')}, {"b", "1"}})) ==
        "[]: Too long: may not be more than 1048576 bytes");
}

TEST_CASE("other kinds are checked for what they need") {
  const auto about = [](std::string_view plural, Json document) {
    document["metadata"] = {{"name", "n"}, {"namespace", "space"}};
    return faults(plural, document);
  };
  CHECK(about("secrets", {{"type", "Opaque"}}).empty());
  const std::string full = base::base64_encode(std::string(1024 * 1024, 'x'));
  CHECK(about("secrets", {{"type", "Opaque"}, {"data", {{"a", full}}}}).empty());
  CHECK(only(about("secrets", {{"type", "Opaque"}, {"data", {{"a", full}, {"b", "eA=="}}}}))
            .starts_with("data: Too long"));
  CHECK(about("secrets", {{"type", "kubernetes.io/tls"}}) ==
        Names{"data[tls.crt]: Required value", "data[tls.key]: Required value"});
  CHECK(only(about("secrets", {{"type", "kubernetes.io/dockerconfigjson"}})) ==
        "data[.dockerconfigjson]: Required value");
  CHECK(only(about("services", {{"spec", Json::object()}})) == "spec.ports: Required value");
  CHECK(about("services", {{"spec", {{"type", "ExternalName"}}}}).empty());
  CHECK(about("services", {{"spec", {{"ports", {{{"port", 80}, {"targetPort", "http"}}}}}}}).empty());
  CHECK(only(about("services", {{"spec", {{"ports", {{{"port", 65536}, {"targetPort", 1}}}}}}})) ==
        "spec.ports[0].port: Invalid value: 65536: must be between 1 and 65535, inclusive");
  CHECK(only(about("events", {{"involvedObject", {{"namespace", "other"}}}})) ==
        "involvedObject.namespace: Invalid value: \"other\": does not match event.namespace");
  CHECK(about("events", {{"involvedObject", {{"namespace", "space"}}}}).empty());
}

TEST_CASE("what is immutable stays") {
  const auto update = [](std::string_view plural, Json now, Json before) {
    now["metadata"]["name"] = before["metadata"]["name"] = "n";
    Names found;
    for (const Cause& cause : validate_update(*resources().find("", "v1", plural), now, before)) {
      found.push_back(cause.field + ": " + cause.message);
    }
    return found;
  };
  const Json fixed = {{"immutable", true}, {"data", {{"a", "1"}}}};
  Json changed = fixed;
  changed["data"]["a"] = "2";
  CHECK(update("configmaps", fixed, fixed).empty());
  CHECK(only(update("configmaps", changed, fixed)) ==
        "data: Forbidden: field is immutable when `immutable` is set");
  changed = fixed;
  changed.erase("immutable");
  CHECK(only(update("secrets", changed, fixed)) ==
        "immutable: Forbidden: field is immutable when `immutable` is set");
  CHECK(only(update("secrets", {{"type", "a"}}, {{"type", "b"}})) ==
        "type: Invalid value: \"a\": field is immutable");
  const Json dying = {{"metadata", {{"deletionTimestamp", "t"}, {"finalizers", {"x.io/a"}}}}};
  Json held = dying;
  CHECK(update("configmaps", held, dying).empty());
  held["metadata"]["finalizers"].push_back("x.io/b");
  CHECK(
      only(update("configmaps", held, dying)) ==
      "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found "
      "new finalizers []string{\"x.io/b\"}");
}

TEST_CASE("a refused object is answered with a Status that lists the causes") {
  Api api;
  const Reply reply = api.post(config_maps, config_map("A", {{"a b", "1"}}));
  CHECK(reply.status == 422);
  CHECK(reply.reason() == "Invalid");
  CHECK(reply.message().starts_with("ConfigMap \"A\" is invalid: [metadata.name: Invalid value: \"A\": "));
  CHECK(reply.causes().size() == 2);
  CHECK(reply.causes().back().starts_with("data[a b]: Invalid value: \"a b\": "));
  CHECK(reply.causes().back().ends_with("(FieldValueInvalid)"));
  CHECK(reply.body["details"]["kind"] == "ConfigMap");
  CHECK(reply.body["details"]["name"] == "A");
  CHECK(api.get(config_maps).names().empty());
}

}  // namespace k8scale::apiserver
