#include "k8scale/kube/resource_version.h"

#include <nlohmann/json.hpp>

#include "catch.h"

namespace k8scale::kube {
namespace {

TEST_CASE("the version of an object is found wherever it stands, and nothing else is taken for it") {
  CHECK(resource_version_of(R"({"metadata":{"name":"a","resourceVersion":"17"},"data":{}})") == "17");
  CHECK(resource_version_of(
            "{ \"data\" : { \"resourceVersion\" : \"1\" },\n \"metadata\" : "
            "{ \"labels\" : { \"resourceVersion\" : \"2\" }, \"resourceVersion\" : \"3\" } }") == "3");
  CHECK(resource_version_of(
            R"({"a":"\"metadata\":{\"resourceVersion\":\"1\"}","metadata":{"resourceVersion":"2"}})") == "2");
  CHECK(resource_version_of(
            R"({"a":"b\\","metadata":{"x":[{"resourceVersion":"1"}],"resourceVersion":"2"}})") == "2");
  CHECK(resource_version_of(R"({"list":["metadata",{"metadata":{"resourceVersion":"1"}}]})").empty());
}

TEST_CASE("what has no version has none") {
  for (const char* text : {"", "{", "{}", "[]", "null", "\"", "\"metadata", R"({"metadata":{}})",
                           R"({"metadata":)", R"({"metadata":{"resourceVersion")",
                           R"({"metadata":{"resourceVersion":)", R"({"metadata":{"resourceVersion":7}})",
                           R"({"resourceVersion":"7"})", R"({"metadata":{"name":"a\)"}) {
    CAPTURE(text);
    CHECK(resource_version_of(text).empty());
  }
}

TEST_CASE("a whole object and each of its beginnings can be scanned") {
  const std::string object =
      nlohmann::json{
          {"apiVersion", "v1"},
          {"data", {{"key\"1", std::string(100, '\\')}, {"metadata", "resourceVersion"}}},
          {"metadata", {{"annotations", {{"a/b", "{\"metadata\":1}"}}}, {"resourceVersion", "981"}}}}
          .dump();
  CHECK(resource_version_of(object) == "981");
  for (std::size_t size = 0; size < object.size(); ++size) {
    const std::string_view found = resource_version_of(std::string_view(object).substr(0, size));
    CHECK(std::string_view("981").starts_with(found));
  }
}

TEST_CASE("versions are numbers, or 0") {
  CHECK(version_number("18446744073709551615") == 18446744073709551615U);
  CHECK(version_number("12") == 12);
  for (const char* text : {"", "12a", "-1", "18446744073709551616", " 1"}) CHECK(version_number(text) == 0);
}

}  // namespace
}  // namespace k8scale::kube
