#include "k8scale/base/log.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <regex>
#include <string>

#include "catch.h"

using namespace k8scale::base;

namespace {
// What `work` writes to stderr.
template <class Work>
std::string captured(Work work) {
  std::FILE* file = std::tmpfile();
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  work();
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  std::rewind(file);
  std::array<char, 4096> text{};
  const std::size_t size = std::fread(text.data(), 1, text.size(), file);
  std::fclose(file);
  return {text.data(), size};
}
}  // namespace

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
