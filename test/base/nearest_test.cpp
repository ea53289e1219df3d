#include "k8scale/base/nearest.h"

#include <vector>

#include "catch.h"

using k8scale::base::nearest;

namespace {
const std::vector<std::string> words = {"lambda",  "n",          "maxpop", "max-inflight", "useProtobuf",
                                        "metrics", "metricport", "runid",  "rate"};
}

TEST_CASE("a mistyped word is taken for the one that the fewest slips lead to") {
  CHECK(nearest("lamda", words) == "lambda");
  CHECK(nearest("lambad", words) == "lambda");
  CHECK(nearest("lambdaa", words) == "lambda");
  CHECK(nearest("lambra", words) == "lambda");
  CHECK(nearest("max-pop", words) == "maxpop");
  CHECK(nearest("run-id", words) == "runid");
  CHECK(nearest("useprotobuf", words) == "useProtobuf");
  CHECK(nearest("max-infligth", words) == "max-inflight");
}

TEST_CASE("a word that was cut short is taken for the shortest that begins with it") {
  CHECK(nearest("lam", words) == "lambda");
  CHECK(nearest("metr", words) == "metrics");
  CHECK(nearest("metricpo", words) == "metricport");
}

TEST_CASE("a word that is near none is taken for none") {
  CHECK_FALSE(nearest("kubernetes", words));
  CHECK_FALSE(nearest("m", words));
  CHECK_FALSE(nearest("ra", words));
  CHECK_FALSE(nearest("", words));
  CHECK_FALSE(nearest("date", std::vector<std::string>()));
}

TEST_CASE("of words that are as near, the first is taken") {
  CHECK(nearest("cat", std::vector<std::string>{"cut", "cot"}) == "cut");
}
