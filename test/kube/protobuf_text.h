#pragma once
#include <cstdint>
#include <string>
#include <string_view>

/// Writes protobuf, Kubernetes' envelope and frames, byte by byte, for tests.
namespace k8scale::kube {

using namespace std::string_literals;

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 0x7f; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}
/// A field with a length: text, bytes or a message.
inline std::string field(std::uint64_t number, std::string_view content) {
  return varint(number << 3 | 2) + varint(content.size()) + std::string(content);
}
inline std::string number_field(std::uint64_t number, std::uint64_t value) {
  return varint(number << 3) + varint(value);
}
/// An entry of a map of texts.
inline std::string entry(std::uint64_t number, std::string_view key, std::string_view value) {
  return field(number, field(1, key) + field(2, value));
}
inline std::string type_meta(std::string_view kind) { return field(1, "v1") + field(2, kind); }
/// "k8s\0" and runtime.Unknown.
inline std::string envelope(std::string_view kind, std::string_view raw) {
  return "k8s\0"s + field(1, type_meta(kind)) + field(2, raw) + field(3, "") + field(4, "");
}
/// A length of 4 bytes, big-endian, then so many bytes.
inline std::string frame(std::string_view content) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(content.size() >> shift & 0xff);
  return bytes.append(content);
}
/// A frame of a watch with a WatchEvent.
inline std::string protobuf_event(std::string_view type, std::string_view enveloped) {
  return frame(field(1, type) + field(2, field(1, enveloped)));
}
/// A ConfigMap without envelope.
inline std::string protobuf_object(std::string_view name, int version, std::string_view more = "") {
  return field(1, field(1, name) + field(3, "ns") + field(5, "u-"s.append(name)) +
                      field(6, std::to_string(version)) + std::string(more));
}

}  // namespace k8scale::kube
