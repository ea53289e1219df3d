#include "kube/content_hash.h"

#include <bit>
#include <set>
#include <string>

#include "catch.h"

using namespace k8scale::kube;

namespace {

std::uint64_t hash_of(const std::string& text) { return k8scale::kube::hash_of("key", text, HashOf::data); }

}  // namespace

TEST_CASE("each bit of a text decides the bits of its hash") {
  for (std::size_t length = 1; length <= 100; ++length) {
    std::string text(length, 'x');
    const std::uint64_t before = hash_of(text);
    double flipped = 0;
    for (std::size_t bit = 0; bit < 8 * length; ++bit) {
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
      const int others = std::popcount(before ^ hash_of(text));
      CHECK(others > 8);
      flipped += others;
      text[bit / 8] = 'x';
    }
    CHECK(flipped / static_cast<double>(8 * length) > 28);
    CHECK(flipped / static_cast<double>(8 * length) < 36);
  }
}

TEST_CASE("texts that are alike have different hashes") {
  std::set<std::uint64_t> hashes;
  std::size_t texts = 0;
  for (const char letter : {'\0', 'x'}) {
    for (std::size_t length = 0; length <= 2000; ++length, ++texts)
      hashes.insert(hash_of(std::string(length, letter)));
  }
  --texts;  // the empty one was there twice
  std::string words(2000, '.');
  for (int number = 0; number < 100'000; ++number, ++texts) {
    words.replace(1000, 6, std::to_string(100'000 + number));
    hashes.insert(hash_of(words));
  }
  CHECK(hashes.size() == texts);
}

TEST_CASE("key, value and part are told apart") {
  const std::set<std::uint64_t> hashes = {hash_of("a", "b", HashOf::data), hash_of("b", "a", HashOf::data),
                                          hash_of("ab", "", HashOf::data), hash_of("", "ab", HashOf::data),
                                          hash_of("a", "b", HashOf::labels)};
  CHECK(hashes.size() == 5);
}
