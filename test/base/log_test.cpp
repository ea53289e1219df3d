#include "k8scale/base/log.h"

#include <regex>
#include <string>

#include "captured.h"
#include "catch.h"

using namespace k8scale::base;
using k8scale::test::captured;

TEST_CASE("log lines have klog's header") {
  const std::string text = captured([] {
    log_info("hello {}");
    log_warning("careful");
    log_error("broken");
  });
  CHECK(std::regex_match(text,
                         std::regex(R"(I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ log_test\.cpp:\d+\] hello \{\}\n)"
                                    R"(W\d{4} .*\] careful\nE\d{4} .*\] broken\n)")));
}

TEST_CASE("verbose lines appear at their level only") {
  CHECK(captured([] { log_verbose(2, "detail"); }).empty());
  set_verbosity(2);
  CHECK(captured([] { log_verbose(2, "detail"); }).find("detail") != std::string::npos);
  set_verbosity(0);
}
