#include "api.h"
#include "catch.h"

namespace k8scale::apiserver {
namespace {

const std::string access_reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const std::string reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

}  // namespace

TEST_CASE("the administrator may do everything") {
  Api api;
  const Json attributes = {{"verb", "delete"}, {"resource", "configmaps"}, {"namespace", "scaletest"}};
  const Reply reply = api.post(access_reviews, {{"spec", {{"resourceAttributes", attributes}}}});
  CHECK(reply.status == 201);
  CHECK(reply.body["kind"] == "SelfSubjectAccessReview");
  CHECK(reply.body["apiVersion"] == "authorization.k8s.io/v1");
  CHECK(reply.body["status"]["allowed"] == true);
  CHECK(reply.body["spec"]["resourceAttributes"] == attributes);
  const Json path = {{"spec", {{"nonResourceAttributes", {{"verb", "get"}, {"path", "/metrics"}}}}}};
  CHECK(api.post(access_reviews, path).body["status"]["allowed"] == true);
}

TEST_CASE("whoever is let in is the administrator") {
  Api api;
  const Reply reply =
      api.post(reviews, {{"kind", "SelfSubjectReview"}, {"apiVersion", "authentication.k8s.io/v1"}});
  CHECK(reply.status == 201);
  CHECK(reply.body["status"]["userInfo"]["username"] == "kubernetes-admin");
  CHECK(reply.body["status"]["userInfo"]["groups"][0] == "system:masters");
}

TEST_CASE("a review is refused when it asks for nothing, for two things at once, or is something else") {
  Api api;
  const Json both = {
      {"spec", {{"resourceAttributes", Json::object()}, {"nonResourceAttributes", Json::object()}}}};
  CHECK(api.post(access_reviews, both).status == 422);
  CHECK(api.post(access_reviews, {{"spec", Json::object()}}).status == 422);
  CHECK(api.post(access_reviews, Json::object()).status == 422);
  CHECK(api.post(access_reviews, {{"kind", "ConfigMap"}, {"apiVersion", "v1"}}).status == 400);
  CHECK(api.post(access_reviews, Json::array()).status == 400);
  CHECK(api.send(request("POST", access_reviews, "{", "application/json")).status == 400);
  CHECK(api.send(request("POST", access_reviews, "x", "application/yaml")).status == 415);
}

TEST_CASE("a review is not kept: it can only be created") {
  Api api;
  const std::uint64_t before = api.revision();
  static_cast<void>(api.post(reviews, Json::object()));
  CHECK(api.revision() == before);
  CHECK(api.get(reviews).status == 405);
  CHECK(api.remove(reviews).status == 405);
  CHECK(api.get(reviews + "/name").status == 404);
}

TEST_CASE("discovery names the reviews") {
  Api api;
  const Json list = api.get("/apis/authorization.k8s.io/v1").body;
  CHECK(list["groupVersion"] == "authorization.k8s.io/v1");
  REQUIRE(list["resources"].size() == 1);
  CHECK(list["resources"][0]["name"] == "selfsubjectaccessreviews");
  CHECK(list["resources"][0]["verbs"] == Json({"create"}));
  CHECK(api.get("/apis/authentication.k8s.io").body["preferredVersion"]["version"] == "v1");
}

}  // namespace k8scale::apiserver
