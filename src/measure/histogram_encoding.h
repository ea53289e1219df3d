#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "k8scale/base/result.h"

/// HdrHistogram's V2 encoding (AbstractHistogram.encodeIntoCompressedByteBuffer of the Java library): a
/// header of 40 bytes and the counts as ZigZag LEB128, runs of empty slots as a negative number; deflated
/// behind a header of 8 bytes; in base64. Integers are big-endian.
namespace k8scale::measure::encoding {

/// Writes counts in the order of their slots; empty slots at the end are left out.
class CountWriter {
 public:
  void add(std::uint64_t count);
  [[nodiscard]] std::string take() && { return std::move(out_); }

 private:
  void append(std::int64_t value);

  std::string out_;
  std::int64_t empty_ = 0;
};

class CountReader {
 public:
  explicit CountReader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  /// Nothing when the bytes end within a number.
  [[nodiscard]] std::optional<std::int64_t> next();

 private:
  std::string_view bytes_;
};

/// Headers, deflate and base64 around counts of a histogram of 3 digits and unit 1.
[[nodiscard]] std::string wrap(std::string_view counts, std::uint64_t highest_trackable);
/// The counts within such a text.
[[nodiscard]] base::Result<std::string> unwrap(std::string_view text);
[[nodiscard]] base::Failure malformed(std::string_view what);

}  // namespace k8scale::measure::encoding
