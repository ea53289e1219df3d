#pragma once
#include <zlib.h>

#include <memory>
#include <optional>
#include <string_view>

namespace k8scale::kube {

/// Unpacks gzip (RFC 1952) as it comes, concatenated members included.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  /// The next packed bytes; they must last until `next` has returned nothing.
  void put(std::string_view bytes);
  /// What is unpacked next, valid until the next call; nothing when more bytes are needed, or they are
  /// broken.
  [[nodiscard]] std::optional<std::string_view> next();
  [[nodiscard]] bool broken() const { return broken_; }
  /// Whether the input may end here.
  [[nodiscard]] bool whole() const { return between_members_ && !broken_; }

 private:
  z_stream stream_{};
  std::unique_ptr<char[]> unpacked_;
  bool between_members_ = true;
  bool may_have_more_ = false;  ///< the last output was full
  bool broken_ = false;
};

}  // namespace k8scale::kube
