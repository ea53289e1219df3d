#include "measure/histogram_encoding.h"

#include <fmt/format.h>
#include <zlib.h>

#include <bit>
#include <utility>

#include "k8scale/base/text.h"

namespace k8scale::measure::encoding {
namespace {

constexpr std::uint32_t counts_cookie = 0x1c849303 | 0x10;      // V2, words of up to 9 bytes
constexpr std::uint32_t compressed_cookie = 0x1c849304 | 0x10;  // V2
constexpr std::uint32_t significant_digits = 3;
constexpr std::size_t header_size = 40;
constexpr std::size_t outer_header_size = 8;
constexpr std::size_t largest_payload = header_size + 33 * 1024 * 9;

template <class Integer>
void append_big_endian(std::string& out, Integer value) {
  for (int shift = static_cast<int>(sizeof value) * 8 - 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift & 0xff);
  }
}

template <class Integer>
Integer read_big_endian(std::string_view bytes, std::size_t offset) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<Integer>(value << 8 | static_cast<unsigned char>(bytes[offset + i]));
  }
  return value;
}

base::Result<std::string> inflate(std::string_view compressed) {
  std::string out(largest_payload, '\0');
  auto size = static_cast<uLongf>(out.size());
  const int status =
      uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                 reinterpret_cast<const Bytef*>(compressed.data()), static_cast<uLong>(compressed.size()));
  if (status != Z_OK) return malformed("its deflated part is damaged");
  out.resize(size);
  return out;
}

}  // namespace

base::Failure malformed(std::string_view what) {
  return {base::FailureKind::protocol,
          fmt::format("not a histogram in HdrHistogram's V2 encoding: {}", what)};
}

void CountWriter::add(std::uint64_t count) {
  if (count == 0) {
    ++empty_;
    return;
  }
  if (empty_ == 1) append(0);
  if (empty_ > 1) append(-empty_);
  empty_ = 0;
  append(static_cast<std::int64_t>(count));
}

void CountWriter::append(std::int64_t value) {
  auto rest = static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  for (int byte = 0; byte < 8; ++byte, rest >>= 7) {
    if (rest < 0x80) {
      out_ += static_cast<char>(rest);
      return;
    }
    out_ += static_cast<char>((rest & 0x7f) | 0x80);
  }
  out_ += static_cast<char>(rest);  // the ninth byte carries 8 bits
}

std::optional<std::int64_t> CountReader::next() {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    if (bytes_.empty()) return std::nullopt;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    const bool ninth = shift == 56;
    value |= static_cast<std::uint64_t>(ninth ? byte : byte & 0x7f) << shift;
    if (ninth || byte < 0x80) break;
  }
  return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

std::string wrap(std::string_view counts, std::uint64_t highest_trackable) {
  std::string inner;
  append_big_endian(inner, counts_cookie);
  append_big_endian(inner, static_cast<std::uint32_t>(counts.size()));
  append_big_endian(inner, std::uint32_t{0});  // normalizing index offset
  append_big_endian(inner, significant_digits);
  append_big_endian(inner, std::uint64_t{1});  // lowest discernible value
  append_big_endian(inner, highest_trackable);
  append_big_endian(inner, std::bit_cast<std::uint64_t>(1.0));  // integer to double conversion ratio
  inner += counts;

  auto size = compressBound(static_cast<uLong>(inner.size()));
  std::string compressed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(compressed.data()), &size, reinterpret_cast<const Bytef*>(inner.data()),
            static_cast<uLong>(inner.size()), Z_DEFAULT_COMPRESSION);
  compressed.resize(size);

  std::string out;
  append_big_endian(out, compressed_cookie);
  append_big_endian(out, static_cast<std::uint32_t>(compressed.size()));
  return base::base64_encode(out += compressed);
}

base::Result<std::string> unwrap(std::string_view text) {
  const auto outer = base::base64_decode(text);
  if (!outer || outer->size() < outer_header_size) return malformed("not base64, or too short");
  if (read_big_endian<std::uint32_t>(*outer, 0) != compressed_cookie) return malformed("unknown cookie");
  const auto length = read_big_endian<std::uint32_t>(*outer, 4);
  if (length > outer->size() - outer_header_size) return malformed("cut short");
  auto inner = inflate(std::string_view(*outer).substr(outer_header_size, length));
  if (!inner) return inner.error();
  if (inner->size() < header_size || read_big_endian<std::uint32_t>(*inner, 0) != counts_cookie) {
    return malformed("unknown cookie within the deflated part");
  }
  if (read_big_endian<std::uint32_t>(*inner, 12) != significant_digits ||
      read_big_endian<std::uint64_t>(*inner, 16) != 1) {
    return malformed("expected 3 significant digits and the lowest value 1");
  }
  const auto counts = read_big_endian<std::uint32_t>(*inner, 4);
  if (counts != inner->size() - header_size) return malformed("the counts' length is wrong");
  return inner->substr(header_size);
}

}  // namespace k8scale::measure::encoding
