#include "k8scale/load/run_object.h"

#include <nlohmann/json.hpp>

#include "catch.h"
#include "k8scale/base/error.h"

namespace k8scale::load {

TEST_CASE("a run's ConfigMap has its labels, its data, and the Job that it goes with") {
  const RunObject object{"r-start", "", {{"start", "now"}}};
  const auto json =
      nlohmann::json::parse(run_object_text(object, "r", Holds::start, JobOwner{"drive", "u-1"}));
  CHECK(json["kind"] == "ConfigMap");
  CHECK(json["metadata"]["name"] == "r-start");
  CHECK(json["metadata"]["labels"].dump() == R"({"scaletest/holds":"start","scaletest/run":"r"})");
  CHECK(json["metadata"]["ownerReferences"].dump() ==
        R"([{"apiVersion":"batch/v1","kind":"Job","name":"drive","uid":"u-1"}])");
  CHECK(json["data"]["start"] == "now");
  CHECK(nlohmann::json::parse(run_object_text(object, "r", Holds::start, {}))["metadata"].size() == 2);
}

TEST_CASE("what a server answers is read again") {
  const auto object = parse_run_object(R"({"metadata":{"name":"a","resourceVersion":"7"},"data":{"x":"y"}})");
  REQUIRE(object.has_value());
  CHECK(object->name == "a");
  CHECK(object->resource_version == "7");
  CHECK(object->data.at("x") == "y");
  CHECK(parse_run_object(R"({"metadata":{"name":"a"}})")->data.empty());
  const auto page = parse_run_objects(
      R"({"metadata":{"continue":"c"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]})");
  REQUIRE(page.has_value());
  CHECK(page->objects.size() == 2);
  CHECK(page->next == "c");
  for (const char* text :
       {"", "{}", "[]", R"({"metadata":{}})", R"({"metadata":{"name":"a"},"data":{"x":1}})"}) {
    INFO(text);
    CHECK_FALSE(parse_run_object(text).has_value());
    CHECK_FALSE(parse_run_objects(text).has_value());
  }
}

TEST_CASE("what goes with a Job that was deleted is told from what goes with its successor") {
  const auto of = [](const char* uid) {
    const RunObject made{"r-start", "", {}};
    return *parse_run_object(run_object_text(made, "r", Holds::start, JobOwner{"drive", uid}));
  };
  CHECK(is_of_former_job(of("one"), JobOwner{"drive", "two"}));
  CHECK_FALSE(is_of_former_job(of("one"), JobOwner{"drive", "one"}));
  CHECK_FALSE(is_of_former_job(of("one"), std::nullopt));
  CHECK_FALSE(is_of_former_job(RunObject(), JobOwner{"drive", "two"}));
  CHECK(only_uid("u-1") == R"({"preconditions":{"uid":"u-1"}})");
}

TEST_CASE("a run ID that cannot be a label is refused where it must be one") {
  CHECK(run_object_selector("r.1", Holds::summary) == "scaletest/run=r.1,scaletest/holds=summary");
  CHECK(run_object_selector("", Holds::start) == "scaletest/holds=start");
  CHECK_NOTHROW(check_run_label(std::string(63, 'a')));
  CHECK_THROWS_WITH(check_run_label(std::string(64, 'a')), Catch::Contains("at most 63 characters"));
  CHECK_THROWS_WITH(check_run_label("a-"), Catch::Contains("a letter or digit at its end"));
}

}  // namespace k8scale::load
