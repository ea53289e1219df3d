#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "k8scale/base/result.h"

namespace k8scale::net {

/// Header fields in their order, in one block of text that keeps its memory when cleared.
class Headers {
 public:
  using Field = std::pair<std::string_view, std::string_view>;

  void add(std::string_view name, std::string_view value);
  void clear();
  /// The first field of that name (ASCII case-insensitive). Views last until the next `add` or `clear`.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] Field operator[](std::size_t index) const;
  /// Appends "Name: value\r\n" for each field.
  void append_to(std::string& out) const;

 private:
  struct Place {
    std::uint32_t name, value, end;  // offsets into text_
  };
  std::string text_;
  std::vector<Place> fields_;
};

/// A request as the caller states it. Host, Content-Length and Connection are written by the connection.
struct Request {
  std::string method = "GET";
  std::string target = "/";  ///< path and query, already percent-encoded
  Headers headers;
  std::string body;
};

struct ResponseHead {
  int status = 0;
  std::string reason;  ///< may be empty: then the standard phrase is written
  Headers headers;
};

struct Response : ResponseHead {
  std::string body;
};

/// Whether `text` can be the value of a field: it has no control characters (RFC 9110, 5.5).
[[nodiscard]] bool is_field_value(std::string_view text);

/// "Not Found" for 404.
[[nodiscard]] std::string_view standard_reason(int status);

/// How often something is to be there.
enum class Count { at_most_once, exactly_once };
/// What is wrong with `name` being there so many times; nothing when that is as expected.
[[nodiscard]] std::optional<std::string> wrong_count(std::string_view name, std::size_t times,
                                                     Count expected);

using QueryValues = std::vector<std::pair<std::string, std::string>>;
/// Every name and value of a query string, decoded, in order.
[[nodiscard]] QueryValues query_values(std::string_view query);
/// The value of `name`: `otherwise` when there is none, which without that is a failure. So is a second one.
[[nodiscard]] base::Result<std::string> only_value(const QueryValues& values, std::string_view name,
                                                   std::optional<std::string> otherwise = std::nullopt);
/// Path and query (without "?") of a request target.
[[nodiscard]] std::pair<std::string_view, std::string_view> split_target(std::string_view target);

}  // namespace k8scale::net
