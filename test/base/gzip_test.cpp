#include "k8scale/base/gzip.h"

#include "catch.h"
#include "unzip.h"

namespace k8scale::base {
namespace {

TEST_CASE("what is compressed is the same when unpacked, nothing too") {
  const GzipEffort effort = GENERATE(GzipEffort::fast, GzipEffort::usual);
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
  const std::string packed = gzip(text, effort);
  CHECK(packed.size() < text.size());
  CHECK(test::unzip(packed, text.size()) == text);
  CHECK(test::unzip(gzip("", effort), 0).empty());
}

}  // namespace
}  // namespace k8scale::base
