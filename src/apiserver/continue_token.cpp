#include "continue_token.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view token_version = "meta.k8s.io/v1";

// "NAMESPACE/NAME", or "/NAME" within a namespace, without "." or ".." or an empty part inside.
bool is_clean(std::string_view start) {
  if (start.starts_with('/')) start.remove_prefix(1);
  const std::vector<std::string> parts = base::split(start, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

// What a token says, or why it says nothing.
Answer<Json> decode_token(std::string_view token) {
  using Decoded = Answer<Json>;
  const auto refuse = [](std::string_view why) {
    return bad_request(fmt::format("invalid continue token: continue key is not valid: {}", why));
  };
  std::string padded(token);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  const std::optional<std::string> text = base::base64_decode(padded);
  if (!text) return refuse("illegal base64 data");
  const ParsedJson parsed = parse_json(*text);
  if (!parsed.error.empty()) return refuse(parsed.error);
  const std::string_view version = text_member(parsed.value, "v");
  const std::string_view start = text_member(parsed.value, "start");
  if (version != token_version) {
    return refuse(fmt::format("server does not recognize this encoded version {}", version));
  }
  const Json& revision = member(parsed.value, "rv");
  if (!revision.is_number_integer() || revision == 0) {
    return refuse(fmt::format("incorrect encoded start resourceVersion (version {})", token_version));
  }
  if (start.empty()) return refuse(fmt::format("encoded start key empty (version {})", token_version));
  if (!is_clean(start)) return refuse(start);
  return Decoded(boost::system::in_place_value, parsed.value);
}

}  // namespace

std::string continue_token(std::int64_t revision, const Key& last, bool within_namespace) {
  const std::string start =
      (within_namespace ? "" : last.namespace_name) + "/" + last.name + std::string(1, '\0');
  std::string token =
      base::base64_encode(to_text({{"v", token_version}, {"rv", revision}, {"start", start}}));
  std::replace(token.begin(), token.end(), '+', '-');
  std::replace(token.begin(), token.end(), '/', '_');
  token.erase(token.find_last_not_of('=') + 1);
  return token;
}

Answer<Position> read_continue_token(std::string_view token, std::string_view namespace_name) {
  const Answer<Json> decoded = decode_token(token);
  if (!decoded) return decoded.error();
  const std::string_view start = text_member(*decoded, "start");
  const std::size_t slash = start.find('/');
  const std::string_view name = slash == std::string_view::npos ? start : start.substr(slash + 1);
  const std::string_view space = slash == std::string_view::npos ? "" : start.substr(0, slash);
  Position position{(*decoded)["rv"].get<std::int64_t>(), {}};
  position.start = {std::string(namespace_name.empty() ? space : namespace_name), std::string(name)};
  return position;
}

}  // namespace k8scale::apiserver
