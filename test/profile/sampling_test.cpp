#include "profile/sampling.h"

#include "captured.h"
#include "catch.h"

namespace k8scale::profile {
namespace {

TEST_CASE("profiles, also one after another, tell stderr nothing, and leave it as it was") {
  const std::string told = test::captured([] {
    for (int i = 0; i < 3; ++i) {
      auto sampling = CpuSampling::start(std::chrono::steady_clock::now());
      REQUIRE(sampling.has_value());
      REQUIRE((*sampling)->stop().has_value());
      std::fputs("between\n", stderr);
    }
  });
  CHECK(told == "between\nbetween\nbetween\n");
}

}  // namespace
}  // namespace k8scale::profile
