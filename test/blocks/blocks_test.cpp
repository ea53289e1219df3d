#include <string>

#include "blocks/block_checker.h"
#include "blocks/block_source.h"
#include "catch.h"
#include "k8scale/base/random.h"
#include "k8scale/blocks/blocks_request.h"

namespace k8scale::blocks {
namespace {

BlocksRequest blocks(std::uint64_t size, std::uint64_t count) {
  BlocksRequest request;
  request.size = size;
  request.count = count;
  return request;
}

std::string whole(std::uint64_t size, std::uint64_t count) {
  std::string bytes;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string block(size, '\0');
    block.back() = 'Z';
    block.front() = 'A';
    bytes += block;
  }
  return bytes;
}

TEST_CASE("pieces of any length, one after another, are the blocks") {
  BlockSource source;
  base::Random random(1, "pieces");
  for (const std::uint64_t size : {1, 2, 3, 500, 16383, 16384, 16385, 40000, 600000}) {
    const std::string expected = whole(size, size < 1000 ? 100 : 3);
    std::string made;
    while (made.size() < expected.size()) {
      const std::uint64_t most = 1 + random.below(expected.size() - made.size());
      const std::string_view piece = source.piece(size, made.size(), most);
      REQUIRE(!piece.empty());
      REQUIRE(piece.size() <= most);
      made += piece;
    }
    CHECK(made == expected);
  }
}

TEST_CASE("a checker takes blocks in pieces of any length") {
  base::Random random(2, "pieces");
  for (const std::uint64_t size : {1, 2, 3, 500, 40000}) {
    const std::string bytes = whole(size, 20);
    BlockChecker checker(blocks(size, 20));
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t length = 1 + random.below(std::min<std::size_t>(bytes.size() - at, 3 * size));
      REQUIRE(checker.put(std::string_view(bytes).substr(at, length)));
      at += length;
      REQUIRE(checker.begun() == (at + size - 1) / size);
    }
    CHECK(checker.position() == bytes.size());
    CHECK_FALSE(checker.put("A"));  // one too many
    CHECK(checker.position() == bytes.size());
  }
}

TEST_CASE("a checker tells bytes that are too many from wrong ones before them") {
  const std::string bytes = whole(40, 3);
  BlockChecker too_many(blocks(40, 3));
  CHECK_FALSE(too_many.put(bytes + "A"));
  CHECK(too_many.position() == bytes.size());
  BlockChecker wrong(blocks(40, 3));
  CHECK_FALSE(wrong.put(bytes.substr(0, 50) + "x" + bytes));
  CHECK(wrong.position() == 50);
}

TEST_CASE("a checker finds each single wrong byte and says where") {
  const std::string bytes = whole(40, 3);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = 'x';
    BlockChecker checker(blocks(40, 3));
    CHECK_FALSE(checker.put(changed));
    CHECK(checker.position() == at);
  }
}

TEST_CASE("a request is read back from its own target") {
  BlocksRequest request = blocks(7, 9);
  request.period = std::chrono::milliseconds(11);
  const std::string target = request.target();
  const auto read = parse_blocks_query(target.substr(target.find('?') + 1), 100);
  REQUIRE(read.has_value());
  CHECK(read->size == 7);
  CHECK(read->count == 9);
  CHECK(read->period == request.period);
}

TEST_CASE("numbers fit up to 2^63 bytes and nanoseconds, and not beyond") {
  constexpr std::uint64_t most = 1ULL << 62U;
  CHECK(parse_blocks_query("size=1&n=9223372036854775807&periodMS=0", most).has_value());
  CHECK(parse_blocks_query("size=2&n=9223372036854775807&periodMS=0", most).has_error());
  CHECK(parse_blocks_query("size=1&n=9223372036854&periodMS=1", most).has_value());
  CHECK(parse_blocks_query("size=1&n=9223372036855&periodMS=1", most).has_error());
  CHECK(parse_blocks_query("size=101&n=1&periodMS=0", 100).error().kind() == base::FailureKind::limit);
}

}  // namespace
}  // namespace k8scale::blocks
