#include "profile/stack_samples.h"

#include <cmath>
#include <cstring>

#include "catch.h"
#include "profile/symbols.h"

namespace k8scale::profile {
namespace {

std::string words(const std::vector<std::uintptr_t>& values) {
  std::string bytes(values.size() * sizeof(std::uintptr_t), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

TEST_CASE("stacks of a CPU profile have their time, and callers' addresses lie within the call") {
  const Samples samples =
      read_cpu_profile(words({0, 3, 0, 10'000, 0, 2, 3, 100, 200, 300, 1, 1, 100, 0, 1, 0}) + "maps");
  REQUIRE(samples.stacks.size() == 2);
  CHECK(samples.period == 10'000'000);
  CHECK(samples.stacks[0].values == std::vector<std::int64_t>{2, 20'000'000});
  CHECK(samples.stacks[0].addresses == std::vector<std::uint64_t>{100, 199, 299});
  CHECK(samples.stacks[1].addresses == std::vector<std::uint64_t>{100});
}

TEST_CASE("a CPU profile that is cut short is read as far as it goes") {
  const std::string whole = words({0, 3, 0, 10'000, 0, 2, 2, 100, 200, 1, 1, 100, 0, 1, 0});
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    CHECK(read_cpu_profile(whole.substr(0, length)).stacks.size() <= 2);
  }
}

TEST_CASE("a sample of the heap stands for what was not sampled") {
  const Samples samples = read_heap_sample(
      "heap profile:      2:   1048676 [     2:   1048676] @ heap_v2/524288\n"
      "     1:  1048576 [     1:  1048576] @ 0x10 0x20\n"
      "     1:      100 [     1:      100] @ 0x30\n\nMAPPED_LIBRARIES:\n");
  REQUIRE(samples.stacks.size() == 2);
  CHECK(samples.stacks[0].addresses == std::vector<std::uint64_t>{0xf, 0x1f});
  CHECK(samples.stacks[0].values[1] == Approx(1048576 / (1 - std::exp(-2.0))).margin(2));
  CHECK(samples.stacks[1].values[0] == Approx(5243).margin(2));
}

TEST_CASE("a function of this program is found by its address, with its file") {
  const Symbols symbols;
  const auto found = symbols.find(reinterpret_cast<std::uint64_t>(&read_cpu_profile) + 1);
  REQUIRE_FALSE(found.empty());
  const Symbol& function = found.back();  // before it what was inlined there
  CHECK(function.function.find("k8scale::profile::read_cpu_profile") != std::string::npos);
  CHECK(function.file.ends_with("stack_samples.cpp"));
  CHECK(function.line > 0);
  CHECK(symbols.find(1).empty());
}

}  // namespace
}  // namespace k8scale::profile
