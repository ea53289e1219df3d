#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_text.h"

namespace k8scale::apiserver {

enum class FieldType {
  text,
  bytes,  ///< base64 in JSON
  boolean,
  integer,
  time,           ///< RFC 3339 in JSON; message {1 seconds, 2 nanos} in protobuf
  int_or_string,  ///< message {1 type, 2 integer, 3 text}
  raw_json,       ///< anything; message {1 JSON as bytes}
  message,
};
enum class Shape { single, repeated, map };

struct MessageType;
struct FieldInfo {
  std::uint32_t number = 0;  ///< in protobuf
  std::string name;          ///< in JSON
  FieldType type = FieldType::text;
  Shape shape = Shape::single;
  bool is_32_bits = false;  ///< an integer
  bool keeps_zero = false;  ///< a pointer in Go: zero differs from absent
  std::string message;      ///< name of the type when it is a message
};
struct MessageType {
  std::vector<FieldInfo> fields;
  [[nodiscard]] const FieldInfo* find(std::string_view name) const;
  [[nodiscard]] const FieldInfo* find(std::uint32_t number) const;
};

/// The fields of the built-in kinds, from the generated.proto files of k8s.io/api and k8s.io/apimachinery
/// 1.37: what a body may hold, in JSON and in protobuf.
class Schema {
 public:
  Schema();
  /// Null when there is no such type.
  [[nodiscard]] const MessageType* find(std::string_view name) const;

  struct Findings {
    std::vector<std::string> unknown_fields;  ///< "metadata.foo"
    std::string error;                        ///< not empty: a value of the wrong type, in Go's words
  };
  /// Holds `value` against the type `name`; removes unknown fields, nulls and what is empty, as decoding and
  /// encoding do.
  [[nodiscard]] Findings conform(std::string_view name, Json& value) const;

 private:
  std::map<std::string, MessageType, std::less<>> types_;
};

}  // namespace k8scale::apiserver
