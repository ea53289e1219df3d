#include "k8scale/base/gzip.h"

#include <string>

#include "catch.h"
#include "unzip.h"

namespace k8scale::base {
namespace {

// Text that more effort makes smaller, as it does not all text.
std::string squares() {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i * i % 997);
  return text;
}

TEST_CASE("what is compressed is the same when unpacked, nothing too") {
  const GzipEffort effort = GENERATE(GzipEffort::fast, GzipEffort::usual);
  const std::string text = squares();
  const std::string packed = gzip(text, effort);
  CHECK(packed.size() < text.size());
  CHECK(test::unzip(packed, text.size()) == text);
  CHECK(test::unzip(gzip("", effort), 0).empty());
}

TEST_CASE("the usual effort packs more tightly than the fast one") {
  const std::string text = squares();
  CHECK(gzip(text, GzipEffort::usual).size() < gzip(text, GzipEffort::fast).size());
}

}  // namespace
}  // namespace k8scale::base
