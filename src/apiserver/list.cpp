#include "list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "continue_token.h"
#include "k8scale/base/number.h"
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

Answer<void> check_match(const Call& call) {
  const std::string_view match = call.option("resourceVersionMatch");
  const std::string_view version = call.option("resourceVersion");
  std::vector<Cause> causes;
  const auto forbid = [&](std::string_view why) {
    causes.push_back(forbidden_field("resourceVersionMatch", why));
  };
  if (!match.empty()) {
    if (version.empty()) forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
    if (!call.option("continue").empty()) {
      forbid("resourceVersionMatch is forbidden when continue is provided");
    }
    if (match != "Exact" && match != "NotOlderThan") {
      causes.push_back(
          not_supported("resourceVersionMatch", base::go_quote(match), "\"Exact\", \"NotOlderThan\", \"\""));
    }
    if (match == "Exact" && version == "0") {
      forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
  }
  if (!call.option("sendInitialEvents").empty()) {
    causes.push_back(forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (causes.empty()) return {};
  return invalid("meta.k8s.io", "ListOptions", "", std::move(causes));
}

std::string unreadable_version(std::string_view text) {
  return fmt::format("resourceVersion: Invalid value: {0}: strconv.ParseUint: parsing {0}: invalid syntax",
                     base::go_quote(text));
}

// At which revision to read, and from where.
struct Start {
  std::uint64_t revision = 0;
  Key from;
};

Answer<Start> continued(const Core& core, const Call& call) {
  const Answer<Position> position = read_continue_token(call.option("continue"), call.namespace_name);
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
  refusal.continue_token = continue_token(-1, last, !call.namespace_name.empty());
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
    return bad_request("invalid resource version: " + unreadable_version(text));
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

Answer<std::int64_t> read_number(const Call& call, std::string_view option) {
  const std::string_view text = call.option(option);
  std::int64_t number = 0;
  using Number = Answer<std::int64_t>;
  if (text.empty()) return Number(boost::system::in_place_value, number);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = end == text.data() + text.size();
  if (error == std::errc() && whole) return Number(boost::system::in_place_value, number);
  const bool large = error == std::errc::result_out_of_range && whole;
  return bad_request(fmt::format("strconv.ParseInt: parsing {}: {}", base::go_quote(text),
                                 large ? "value out of range" : "invalid syntax"));
}

std::optional<std::uint64_t> parse_revision(std::string_view text) {
  return base::parse_number<std::uint64_t>(text);
}

Answer<void> check_version(const Core& core, const Call& call) {
  const std::string_view text = call.option("resourceVersion");
  if (text.empty()) return {};
  const std::optional<std::uint64_t> revision = parse_revision(text);
  if (!revision) return internal_error(unreadable_version(text));
  const std::uint64_t now = core.store.revision();
  if (*revision > now) return version_too_large(*revision, now);
  return {};
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
    found.continue_token = continue_token(static_cast<std::int64_t>(found.revision),
                                          found.items.back()->key(), within_namespace);
    if (counts) found.remaining = remaining;
  }
  return found;
}

}  // namespace k8scale::apiserver
