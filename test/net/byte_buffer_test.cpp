#include "net/byte_buffer.h"

#include <cstring>
#include <string>

#include "catch.h"

using k8scale::net::ByteBuffer;

namespace {

void put(ByteBuffer& buffer, std::string_view text) {
  const std::span<char> room = buffer.prepare();
  REQUIRE(room.size() >= text.size());
  std::memcpy(room.data(), text.data(), text.size());
  buffer.commit(text.size());
}

}  // namespace

TEST_CASE("a buffer gives back what was put in, in order") {
  ByteBuffer buffer;
  CHECK(buffer.empty());
  put(buffer, "hello ");
  put(buffer, "world");
  CHECK(buffer.data() == "hello world");
  buffer.consume(6);
  CHECK(buffer.data() == "world");
  put(buffer, "!");
  CHECK(buffer.data() == "world!");
  buffer.consume(6);
  CHECK(buffer.empty());
}

TEST_CASE("a buffer that always holds a few bytes does not grow") {
  ByteBuffer buffer;
  const std::string block(1000, 'x');
  put(buffer, "ab");
  std::size_t most_room = 0;
  for (int i = 0; i < 100'000; ++i) {
    put(buffer, block);
    buffer.consume(block.size());
    most_room = std::max(most_room, buffer.prepare().size());
  }
  CHECK(buffer.data().size() == 2);
  CHECK(most_room < 1024 * 1024);
}

TEST_CASE("a buffer makes room for as much as comes at a time, up to a limit") {
  ByteBuffer buffer;
  for (int i = 0; i < 20; ++i) {
    const std::span<char> room = buffer.prepare();
    buffer.commit(room.size());
    buffer.consume(room.size());
  }
  CHECK(buffer.prepare().size() == 256 * 1024);
  buffer.shrink();
  CHECK(buffer.prepare().size() < 64 * 1024);
}
