#include "k8scale/load/lane.h"

#include "catch.h"
#include "k8scale/base/error.h"

namespace load = k8scale::load;

TEST_CASE("pod i of an Indexed Job with n completions is part i + 1 of n") {
  const load::Part part = load::part_of_job("2", "4");
  CHECK(part.index == 3);
  CHECK(part.count == 4);
  CHECK(load::part_of_job("0", "1").index == 1);
}

TEST_CASE("what keeps a pod from being a part is named") {
  const auto part = [](const char* index, const char* parts) {
    static_cast<void>(load::part_of_job(index, parts));
  };
  CHECK_THROWS_WITH(part("", "4"), Catch::Contains("$JOB_COMPLETION_INDEX is not set"));
  CHECK_THROWS_WITH(part("1", ""), Catch::Contains("$K8SCALE_PARTS is not set"));
  CHECK_THROWS_WITH(part("4", "4"), Catch::Contains("$JOB_COMPLETION_INDEX is \"4\", expected 0 to 3"));
  CHECK_THROWS_WITH(part("x", "4"), Catch::Contains("$JOB_COMPLETION_INDEX is \"x\""));
  for (const char* parts : {"0", "four", "10001", "-1"}) {
    CHECK_THROWS_WITH(part("0", parts), Catch::Contains("$K8SCALE_PARTS is \""));
  }
}
