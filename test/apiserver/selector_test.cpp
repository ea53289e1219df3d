#include "apiserver/selector.h"

#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

using Labels = std::map<std::string, std::string>;

bool matches(std::string_view selector, const Labels& labels) {
  const auto parsed = LabelSelector::parse(selector);
  REQUIRE(parsed.has_value());
  return parsed->matches(labels);
}

std::string label_error(std::string_view selector) {
  const auto parsed = LabelSelector::parse(selector);
  return parsed.has_value() ? "" : parsed.error().message;
}

const ResourceTable& table() {
  static const ResourceTable built_in({});
  return built_in;
}

std::string field_error(std::string_view selector) {
  const auto parsed = FieldSelector::parse(selector, *table().find("", "v1", "configmaps"));
  return parsed.has_value() ? "" : parsed.error().message;
}

bool field_matches(std::string_view selector, std::string_view plural, Json document) {
  document["metadata"]["namespace"] = "space";
  document["kind"] = document["apiVersion"] = "";
  const auto parsed = FieldSelector::parse(selector, *table().find("", "v1", plural));
  REQUIRE(parsed.has_value());
  return parsed->matches(Object(std::move(document), 1));
}

}  // namespace

TEST_CASE("each operator of a label selector") {
  const Labels labels = {{"a", "1"}, {"b", ""}, {"x.io/y", "Z_z"}};
  for (const char* yes : {"",
                          "a",
                          "b",
                          "a=1",
                          "a==1",
                          "a!=2",
                          "c!=2",
                          "b=",
                          "b==",
                          "!c",
                          "! c",
                          "a in (1,2)",
                          "a in (1)",
                          "a notin (2,3)",
                          "c notin (1)",
                          "b in ()",
                          "a in (,1)",
                          "b in (x,)",
                          "x.io/y=Z_z",
                          "a=1,b,!c",
                          " a = 1 , x.io/y in ( Z_z , q ) ",
                          "a>0",
                          "a<2",
                          "a\t=\n1"}) {
    INFO(yes);
    CHECK(matches(yes, labels));
  }
  for (const char* no : {"c", "a=2", "a=", "a==2", "a!=1", "!a", "a in (2,3)", "a in ()", "c in (1)",
                         "a notin (1)", "a=1,c", "b=1", "a>1", "a<1", "b>0", "c>0", "x.io/y>0"}) {
    INFO(no);
    CHECK_FALSE(matches(no, labels));
  }
  CHECK(matches("in in (in),notin", {{"in", "in"}, {"notin", ""}}));
  CHECK(LabelSelector::parse("")->selects_all());
  CHECK(LabelSelector::parse("  ")->selects_all());
  CHECK_FALSE(LabelSelector::parse("a")->selects_all());
}

TEST_CASE("a label selector that cannot be read is refused in Go's words") {
  constexpr auto bad_name =
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
      "character";
  CHECK(label_error("a,") == "found '', expected: identifier after ','");
  CHECK(label_error("a,,b") == "found ',', expected: identifier after ','");
  CHECK(label_error(",a") == "found ',', expected: !, identifier, or 'end of string'");
  CHECK(label_error("(a)") == "found '(', expected: !, identifier, or 'end of string'");
  CHECK(label_error("=a") == "found '=', expected: !, identifier, or 'end of string'");
  CHECK(label_error("!") == "unable to parse requirement: found '', expected: identifier");
  CHECK(label_error("!!a") == "unable to parse requirement: found '!', expected: identifier");
  CHECK(label_error("!a=b") == "found '=', expected: ',' or 'end of string'");
  CHECK(label_error("a b") ==
        "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt");
  CHECK(label_error("a=b c") == "found 'c', expected: ',' or 'end of string'");
  CHECK(label_error("a===b") == "unable to parse requirement: found '=', expected: identifier");
  CHECK(label_error("a in b") == "unable to parse requirement: found 'b' expected: '('");
  CHECK(label_error("a in (b") == "unable to parse requirement: found '', expected: ',' or ')'");
  CHECK(label_error("a in (b c)") == "unable to parse requirement: found 'c', expected: ',' or ')'");
  CHECK(label_error("a in (=)") ==
        "unable to parse requirement: found '=', expected: ',', ')' or identifier");
  CHECK(label_error("a in (b,=)") == "unable to parse requirement: found '=', expected: ',', or identifier");
  CHECK(label_error("a>b") ==
        "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value "
        "must be an integer");
  CHECK(label_error("-a=b").starts_with(
      std::string("unable to parse requirement: <nil>: Invalid value: \"-a\": name part ") + bad_name));
  CHECK(label_error("a=-b").starts_with(
      "unable to parse requirement: values[0][a]: Invalid value: \"-b\": a valid label must be an empty"));
  CHECK(label_error("a in (b,-c)").find("values[0][a]: Invalid value: \"-c\"") != std::string::npos);
  CHECK(label_error("/a") ==
        "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be non-empty");
  CHECK(label_error(std::string(64, 'a')) == "unable to parse requirement: <nil>: Invalid value: \"" +
                                                 std::string(64, 'a') +
                                                 "\": name part must be no more than 63 bytes");
}

TEST_CASE("a field selector compares names, namespaces and the fields of the kind") {
  const Json named = {{"metadata", {{"name", "n"}}}};
  for (const char* yes :
       {"metadata.name=n", "metadata.name==n", "metadata.name!=m", "metadata.namespace=space",
        "metadata.name=n,metadata.namespace!=other", "", ",", "metadata.name=n,"}) {
    INFO(yes);
    CHECK(field_matches(yes, "configmaps", named));
  }
  CHECK_FALSE(field_matches("metadata.name=m", "configmaps", named));
  CHECK_FALSE(field_matches("metadata.name!=n", "configmaps", named));
  CHECK_FALSE(field_matches("metadata.name=n,metadata.namespace=other", "configmaps", named));

  Json secret = named;
  secret["type"] = "kubernetes.io/tls";
  CHECK(field_matches("type=kubernetes.io/tls", "secrets", secret));
  CHECK_FALSE(field_matches("type=Opaque", "secrets", secret));
  Json event = named;
  event["involvedObject"] = {{"name", "pod-1"}, {"kind", "Pod"}};
  event["source"]["component"] = "kubelet";
  event["type"] = "Normal";
  CHECK(field_matches("involvedObject.name=pod-1,type=Normal,source=kubelet", "events", event));
  CHECK(field_matches("involvedObject.kind!=Node,reason=", "events", event));
  CHECK_FALSE(field_matches("involvedObject.name!=pod-1", "events", event));
}

TEST_CASE("a field selector's value may have escapes") {
  const Json odd = {{"metadata", {{"name", "n"}}}, {"type", R"(a,b=c\d)"}};
  CHECK(field_matches(R"(type=a\,b\=c\\d)", "secrets", odd));
  CHECK(field_matches(R"(type!=a\,b,metadata.name=n)", "secrets", odd));
  CHECK(field_error(R"(metadata.name=a\b)") == R"(invalid field selector: invalid escape sequence: \b)");
  CHECK(field_error(R"(metadata.name=a\)") == R"(invalid field selector: invalid escape sequence: \)");
  CHECK(field_error("metadata.name=a=b") == "invalid field selector: unescaped character in value: 61");
  CHECK(field_error("metadata.name===b") == "invalid field selector: unescaped character in value: 61");
}

TEST_CASE("a field that cannot be selected by is refused") {
  CHECK(field_error("metadata.name") ==
        "invalid selector: 'metadata.name'; can't understand 'metadata.name'");
  CHECK(field_error("data.key=v") ==
        R"("data.key" is not a known field selector: only "metadata.name", "metadata.namespace")");
  CHECK(field_error("=a") ==
        R"("" is not a known field selector: only "metadata.name", "metadata.namespace")");
}

TEST_CASE("selectors select in lists") {
  Api api;
  api.post(config_maps, config_map("a", {}, {{"tier", "1"}, {"app", "x"}}));
  api.post(config_maps, config_map("b", {}, {{"tier", "2"}}));
  api.post(config_maps, config_map("c"));
  const auto list = [&](const std::string& query) { return api.get(config_maps + "?" + query).names(); };
  CHECK(list("labelSelector=tier") == Names{"a", "b"});
  CHECK(list("labelSelector=tier%20in%20(2,3)") == Names{"b"});
  CHECK(list("labelSelector=%21tier") == Names{"c"});
  CHECK(list("labelSelector=tier%3E1") == Names{"b"});
  CHECK(list("fieldSelector=metadata.name%21%3Da") == Names{"b", "c"});
  CHECK(list("fieldSelector=metadata.name%3Da&labelSelector=tier%3D1,app%3Dx") == Names{"a"});
  CHECK(list("fieldSelector=metadata.namespace%3Dother").empty());
  const Reply refused = api.get(config_maps + "?labelSelector=a%20b");
  CHECK(refused.status == 400);
  CHECK(refused.reason() == "BadRequest");
}

}  // namespace k8scale::apiserver
