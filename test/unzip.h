#pragma once
#define ZLIB_CONST
#include <zlib.h>

#include <string>

#include "catch.h"

namespace k8scale::test {

/// What gzip has packed, which is at most `size` bytes. Fails the test when it ends early, or is more.
inline std::string unzip(const std::string& text, std::size_t size) {
  std::string out(size + 1, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace k8scale::test
