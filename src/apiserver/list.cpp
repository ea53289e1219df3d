#include "list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "k8scale/base/text.h"
#include "selector.h"

namespace k8scale::apiserver {
namespace {

constexpr std::string_view expired_with_token =
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list "
    "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
    "the "
    "results. Continuing with the provided token results in an inconsistent list - objects that were "
    "created, "
    "modified, or deleted between the time the first chunk was returned and now may show up in the list.";

// What a page starts from. Its text is kube-apiserver's: base64url of
// {"v":…,"rv":…,"start":"NAMESPACE/NAME\0"}.
struct Position {
  std::int64_t revision = 0;  // -1: whatever is there now
  Key start;
};

std::string to_token(std::int64_t revision, const Key& last, bool within_namespace) {
  const std::string start =
      (within_namespace ? "" : last.namespace_name) + "/" + last.name + std::string(1, '\0');
  std::string token =
      base::base64_encode(to_text({{"v", "meta.k8s.io/v1"}, {"rv", revision}, {"start", start}}));
  std::replace(token.begin(), token.end(), '+', '-');
  std::replace(token.begin(), token.end(), '/', '_');
  token.erase(token.find_last_not_of('=') + 1);
  return token;
}

Answer<Position> read_token(std::string_view token, std::string_view namespace_name) {
  std::string padded(token);
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  const ParsedJson parsed = parse_json(base::base64_decode(padded).value_or(""));
  const Json& revision = member(parsed.value, "rv");
  const std::string_view start = text_member(parsed.value, "start");
  const std::size_t slash = start.find('/');
  if (!parsed.error.empty() || !revision.is_number_integer() || slash == std::string_view::npos) {
    return bad_request("invalid continue token: continue key is not valid: " +
                       (parsed.error.empty() ? std::string("a field is missing") : parsed.error));
  }
  Position position{revision.get<std::int64_t>(), {}};
  position.start.namespace_name = namespace_name.empty() ? start.substr(0, slash) : namespace_name;
  position.start.name = start.substr(slash + 1);
  return position;
}

Refusal wrong_option(Cause cause) { return invalid("meta.k8s.io", "ListOptions", "", {std::move(cause)}); }

Answer<void> check_match(const Call& call) {
  const std::string_view match = call.option("resourceVersionMatch");
  const std::string_view version = call.option("resourceVersion");
  if (!call.option("sendInitialEvents").empty()) {
    return wrong_option(forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (match.empty()) return {};
  const auto forbid = [](std::string_view why) {
    return wrong_option(forbidden_field("resourceVersionMatch", why));
  };
  if (version.empty()) return forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (!call.option("continue").empty()) {
    return forbid("resourceVersionMatch is forbidden when continue is provided");
  }
  if (match != "Exact" && match != "NotOlderThan") {
    return wrong_option(
        not_supported("resourceVersionMatch", base::go_quote(match), "\"Exact\", \"NotOlderThan\", \"\""));
  }
  if (match == "Exact" && version == "0") {
    return forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
  }
  return {};
}

Answer<std::int64_t> read_number(const Call& call, std::string_view option) {
  const std::string_view text = call.option(option);
  std::int64_t number = 0;
  using Number = Answer<std::int64_t>;
  if (text.empty()) return Number(boost::system::in_place_value, number);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) {
    return Number(boost::system::in_place_value, number);
  }
  return bad_request(fmt::format("strconv.ParseInt: parsing {}: invalid syntax", base::go_quote(text)));
}

// At which revision to read, and from where.
struct Start {
  std::uint64_t revision = 0;
  Key from;
};

Answer<Start> continued(const Core& core, const Call& call) {
  const Answer<Position> position = read_token(call.option("continue"), call.namespace_name);
  if (!position) return position.error();
  const std::string_view version = call.option("resourceVersion");
  if (!version.empty() && version != "0") {
    return bad_request("specifying resource version is not allowed when using continue");
  }
  const std::uint64_t now = core.store.revision();
  if (position->revision < 0) return Start{now, position->start};
  const auto revision = static_cast<std::uint64_t>(position->revision);
  if (revision > now) return version_too_large(revision, now);
  if (revision >= core.store.oldest_revision()) return Start{revision, position->start};
  Refusal refusal = expired(std::string(expired_with_token));
  Key last = position->start;
  if (!last.name.empty() && last.name.back() == '\0') last.name.pop_back();
  refusal.continue_token = to_token(-1, last, !call.namespace_name.empty());
  return refusal;
}

Answer<Start> find_start(const Core& core, const Call& call, std::int64_t limit) {
  if (!call.option("continue").empty()) return continued(core, call);
  const std::uint64_t now = core.store.revision();
  Start start{now, {call.namespace_name, ""}};
  const std::string_view text = call.option("resourceVersion");
  if (text.empty() || text == "0") return start;
  const std::optional<std::uint64_t> revision = parse_revision(text);
  if (!revision) {
    return bad_request(
        fmt::format("invalid resource version: resourceVersion: Invalid value: {0}: "
                    "strconv.ParseUint: parsing {0}: invalid syntax",
                    base::go_quote(text)));
  }
  if (*revision > now) return version_too_large(*revision, now);
  const std::string_view match = call.option("resourceVersionMatch");
  if (match == "NotOlderThan" || (match.empty() && limit <= 0)) return start;
  if (*revision < core.store.oldest_revision()) {
    return expired("The resourceVersion for the provided list is too old.");
  }
  start.revision = *revision;
  return start;
}

}  // namespace

std::optional<std::uint64_t> parse_revision(std::string_view text) {
  std::uint64_t revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return revision;
}

Answer<List> list(const Core& core, const Call& call) {
  if (const Answer<void> allowed = check_match(call); !allowed) return allowed.error();
  const Answer<std::int64_t> limit = read_number(call, "limit");
  if (!limit) return limit.error();
  if (const auto timeout = read_number(call, "timeoutSeconds"); !timeout) return timeout.error();
  const auto labels = LabelSelector::parse(call.option("labelSelector"));
  if (!labels) return labels.error();
  const auto fields = FieldSelector::parse(call.option("fieldSelector"), *call.resource);
  if (!fields) return fields.error();
  const Answer<Start> start = find_start(core, call, *limit);
  if (!start) return start.error();

  List found;
  found.revision = start->revision;
  const bool within_namespace = !call.namespace_name.empty();
  const bool counts = labels->selects_all() && fields->selects_all();
  const std::size_t most = *limit > 0 ? static_cast<std::size_t>(*limit) : SIZE_MAX;
  std::int64_t remaining = 0;
  const KeyView from{start->from.namespace_name, start->from.name};
  const auto visit = [&](const ObjectPointer& object) {
    if (within_namespace && object->key().namespace_name != call.namespace_name) return false;
    if (!labels->matches(object->labels()) || !fields->matches(*object)) return true;
    if (found.items.size() < most) return found.items.push_back(object), true;
    ++remaining;
    return counts;
  };
  core.store.scan(core.table.index_of(*call.resource), start->revision, from, visit);
  if (remaining > 0) {
    found.continue_token =
        to_token(static_cast<std::int64_t>(found.revision), found.items.back()->key(), within_namespace);
    if (counts) found.remaining = remaining;
  }
  return found;
}

}  // namespace k8scale::apiserver
