#include "k8scale/kube/metadata_list.h"

#include "catch.h"
#include "kube/api_client.h"

namespace k8scale::kube {
namespace {

using net::fake::read_request;

const std::string page_text =
    R"({"kind": "PartialObjectMetadataList", "metadata": {"resourceVersion": "7", "continue": "next"}, "items": [
    {"metadata": {"name": "a", "namespace": "n"}},
    {"metadata": {"name": "b", "deletionTimestamp": "2026-11-24T15:04:05Z", "finalizers": ["x/y", "z/z"]}}]})";

std::string http(std::string_view status, std::string_view fields, const std::string& body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + body;
}

MetadataAnswer ask(ApiClient& api, const MetadataRequest& request) {
  return api.shard.run(list_metadata(api.client, api.maps, request));
}

}  // namespace

TEST_CASE("a page has names, what holds those that are being deleted, and where to go on") {
  const auto page = parse_metadata_page(page_text);
  REQUIRE(page.has_value());
  CHECK(page->continue_token == "next");
  REQUIRE(page->objects.size() == 2);
  CHECK(page->objects[0].name == "a");
  CHECK(page->objects[0].namespace_name == "n");
  CHECK(page->objects[1].namespace_name.empty());
  CHECK_FALSE(page->objects[0].being_deleted);
  CHECK(page->objects[1].being_deleted);
  CHECK(page->objects[1].finalizers == std::vector<std::string>{"x/y", "z/z"});
}

TEST_CASE("lists of whole objects are read too") {
  const auto page =
      parse_metadata_page(R"({"kind": "ConfigMapList", "items": [{"metadata": {"name": "a"}, "data": {}}]})");
  REQUIRE(page.has_value());
  CHECK(page->objects.size() == 1);
  CHECK(page->continue_token.empty());
}

TEST_CASE("what is no list, or holds what has no name, is none") {
  const std::string text =
      GENERATE("", "[]", "{", R"({"kind": "Status"})", R"({"kind": "XList", "items": [{}]})",
               R"({"kind": "XList", "items": ["a"]})");
  CHECK_FALSE(parse_metadata_page(text).has_value());
}

TEST_CASE("the answer to a delete is the object as long as something holds it") {
  const auto held = parse_metadata(
      R"({"kind": "ConfigMap", "metadata": {"name": "a", "deletionTimestamp": "2026-11-24T15:04:05Z"}})");
  REQUIRE(held.has_value());
  CHECK(held->being_deleted);
  CHECK_FALSE(
      parse_metadata(R"({"kind": "Status", "status": "Success", "details": {"name": "a"}})").has_value());
}

TEST_CASE("a page is asked for with selector, limit and token, as metadata") {
  ApiClient api({{read_request(), net::fake::send(http("200 OK", "", page_text))}});
  MetadataRequest request;
  request.label_selector = "purpose=scaletest";
  request.continue_token = "a+b";
  const MetadataAnswer answer = ask(api, request);
  REQUIRE(answer.ok());
  CHECK(answer.page.objects.size() == 2);
  const std::string sent = api.requests().front();
  CHECK(sent.starts_with(
      "GET /api/v1/namespaces/ns/configmaps?labelSelector=purpose%3Dscaletest&limit=500&continue=a%2Bb "));
  CHECK(sent.find(
            "Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json") !=
        std::string::npos);
}

TEST_CASE("a refusal of a page is a Status with the pause that it asks for") {
  ApiClient api(
      {{read_request(), net::fake::send(http("429 Too Many Requests", "Retry-After: 3\r\n", "slow down"))}});
  const MetadataAnswer answer = ask(api, {});
  REQUIRE(answer.status.has_value());
  CHECK(answer.status->code == 429);
  CHECK(answer.status->retry_after == std::chrono::seconds(3));
  CHECK_FALSE(answer.error().empty());
}

TEST_CASE("a page that breaks off or is no list is a failure") {
  const std::string whole = http("200 OK", "", page_text);
  const std::string bytes =
      GENERATE_COPY(whole.substr(0, whole.size() - 9), http("200 OK", "", R"({"kind": "Status"})"));
  ApiClient api({{read_request(), net::fake::send(bytes)}});
  const MetadataAnswer answer = ask(api, {});
  CHECK(answer.failure.has_value());
  CHECK(answer.page.objects.empty());
}

}  // namespace k8scale::kube
