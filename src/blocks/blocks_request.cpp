#include "k8scale/blocks/blocks_request.h"

#include <fmt/format.h>

#include <limits>
#include <optional>

#include "k8scale/base/number.h"
#include "k8scale/base/text.h"
#include "k8scale/net/http.h"

namespace k8scale::blocks {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t nanoseconds_per_millisecond = 1'000'000;

base::Failure wrong(const std::string& what) { return {base::FailureKind::protocol, what}; }

// The value of `name`, which must be there exactly once.
base::Result<std::uint64_t> number_of(const net::QueryValues& parameters, std::string_view name,
                                      std::uint64_t least) {
  const base::Result<std::string> text = net::only_value(parameters, name);
  if (text.has_error()) return text.error();
  const auto value = base::parse_number<std::uint64_t>(*text);
  if (!value || *value < least || *value > most) {
    return wrong(fmt::format("{}: found {}, expected a whole number from {} to {}", name,
                             base::go_quote(text->substr(0, 40)), least, most));
  }
  return *value;
}

// The first that has a % without two hexadecimal digits, and so no value.
std::optional<std::string> undecodable(std::string_view query) {
  if (query.find('%') == std::string_view::npos) return std::nullopt;
  for (const std::string& each : base::split(query, '&')) {
    if (!base::percent_decode(each)) return each;
  }
  return std::nullopt;
}

}  // namespace

std::string BlocksRequest::target() const {
  return fmt::format("/blocks?size={}&n={}&periodMS={}", size, count, period.count());
}

base::Result<BlocksRequest> parse_blocks_query(std::string_view query, std::uint64_t largest_block) {
  if (const auto found = undecodable(query)) {
    return wrong(fmt::format("found {}, expected two hexadecimal digits after each %",
                             base::go_quote(found->substr(0, 40))));
  }
  const net::QueryValues parameters = net::query_values(query);
  const auto size = number_of(parameters, "size", 1);
  if (size.has_error()) return size.error();
  const auto count = number_of(parameters, "n", 1);
  if (count.has_error()) return count.error();
  const auto period = number_of(parameters, "periodMS", 0);
  if (period.has_error()) return period.error();
  if (*size > largest_block) {
    return base::Failure(
        base::FailureKind::limit,
        fmt::format("size: found {}, expected at most {} (--max-block)", *size, largest_block));
  }
  if (*count > most / *size) return wrong(fmt::format("size and n: found more than {} bytes", most));
  if (*period > most / nanoseconds_per_millisecond / *count) {
    return wrong("n and periodMS: found more than 292 years");
  }
  BlocksRequest request;
  request.size = *size;
  request.count = *count;
  request.period = std::chrono::milliseconds(*period);
  return request;
}

}  // namespace k8scale::blocks
