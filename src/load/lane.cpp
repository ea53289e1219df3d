#include "k8scale/load/lane.h"

#include <charconv>

namespace k8scale::load {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Part> parse_part(std::string_view text) {
  constexpr std::uint64_t most_parts = 10'000;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto index = parse_number(text.substr(0, slash));
  const auto count = parse_number(text.substr(slash + 1));
  if (!index || !count || *index < 1 || *index > *count || *count > most_parts) return std::nullopt;
  return Part{*index, *count};
}

Lane lane_of(Part part, std::uint64_t shard, std::uint64_t shards) {
  return {part.index + shard * part.count, part.count * shards};
}

}  // namespace k8scale::load
