#include "k8scale/base/gzip.h"

#define ZLIB_CONST
#include <zlib.h>

#include <new>

namespace k8scale::base {

std::string gzip(std::string_view text, GzipEffort effort) {
  constexpr int gzip_format = 16, memory_level = 8;  // of deflateInit2, see zlib.h
  const int level = effort == GzipEffort::fast ? Z_BEST_SPEED : Z_DEFAULT_COMPRESSION;
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, MAX_WBITS + gzip_format, memory_level, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace k8scale::base
