#include "kube/gunzip.h"

#include <new>

namespace k8scale::kube {
namespace {

constexpr std::size_t portion = 64 * 1024;
constexpr int gzip_only = 16;  // added to the window's bits

}  // namespace

Gunzip::Gunzip() {
  if (inflateInit2(&stream_, gzip_only + MAX_WBITS) != Z_OK) throw std::bad_alloc();
}

Gunzip::~Gunzip() { inflateEnd(&stream_); }

void Gunzip::put(std::string_view bytes) {
  // zlib does not write to its input.
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream_.avail_in = static_cast<uInt>(bytes.size());
}

std::optional<std::string_view> Gunzip::next() {
  while (!broken_ && (stream_.avail_in > 0 || may_have_more_)) {
    if (between_members_) {
      inflateReset(&stream_);
      between_members_ = false;
    }
    if (!unpacked_) unpacked_ = std::make_unique_for_overwrite<char[]>(portion);
    stream_.next_out = reinterpret_cast<Bytef*>(unpacked_.get());
    stream_.avail_out = portion;
    const int outcome = inflate(&stream_, Z_SYNC_FLUSH);
    between_members_ = outcome == Z_STREAM_END;
    may_have_more_ = stream_.avail_out == 0 && !between_members_;
    broken_ = outcome != Z_OK && outcome != Z_STREAM_END && outcome != Z_BUF_ERROR;
    const std::size_t count = portion - stream_.avail_out;
    if (count > 0) return std::string_view(unpacked_.get(), count);
  }
  unpacked_.reset();
  return std::nullopt;
}

}  // namespace k8scale::kube
