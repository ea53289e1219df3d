#include "watch_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "k8scale/base/text.h"
#include "list.h"

namespace k8scale::apiserver {
namespace {

// Beyond this, in seconds, it makes no difference.
constexpr std::int64_t longest = 366L * 24 * 3600;

Answer<void> check_initial_match(const Call& call) {
  constexpr std::string_view field = "resourceVersionMatch";
  const std::string_view match = call.option(field);
  const bool initial = call.has_option("sendInitialEvents");
  std::vector<Cause> causes;
  const auto forbid = [&](std::string_view why) {
    causes.push_back(forbidden_field(std::string(field), why));
  };
  if (initial && match != "NotOlderThan") {
    forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (!match.empty()) {
    if (!initial) forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    if (match != "NotOlderThan") {
      causes.push_back(not_supported(std::string(field), base::go_quote(match), "\"NotOlderThan\""));
    }
    if (!call.option("continue").empty()) {
      forbid("resourceVersionMatch is forbidden when continue is provided");
    }
  }
  if (causes.empty()) return {};
  return invalid("meta.k8s.io", "ListOptions", "", std::move(causes));
}

Answer<std::uint64_t> read_revision(std::string_view text) {
  using Revision = Answer<std::uint64_t>;
  if (text.empty()) return Revision(boost::system::in_place_value, 0U);
  if (const auto revision = parse_revision(text)) return Revision(boost::system::in_place_value, *revision);
  return internal_error(
      fmt::format("resourceVersion: Invalid value: {0}: strconv.ParseUint: parsing {0}: invalid syntax",
                  base::go_quote(text)));
}

}  // namespace

Answer<WatchOptions> read_watch_options(const Call& call) {
  WatchOptions options;
  const Answer<std::int64_t> timeout = read_number(call, "timeoutSeconds");
  if (!timeout) return timeout.error();
  if (*timeout != 0) options.timeout = std::chrono::seconds(std::clamp<std::int64_t>(*timeout, -1, longest));
  Answer<LabelSelector> labels = LabelSelector::parse(call.option("labelSelector"));
  if (!labels) return labels.error();
  if (const Answer<void> matched = check_initial_match(call); !matched) return matched.error();
  Answer<FieldSelector> fields = FieldSelector::parse(call.option("fieldSelector"), *call.resource);
  if (!fields) return fields.error();
  const Answer<std::uint64_t> revision = read_revision(call.option("resourceVersion"));
  if (!revision) return revision.error();
  options.labels = std::move(*labels);
  options.fields = std::move(*fields);
  options.revision = *revision;
  options.bookmarks = call.flag("allowWatchBookmarks");
  // Without the option, a watch from nowhere in particular begins with what there is.
  options.initial_events =
      call.has_option("sendInitialEvents") ? call.flag("sendInitialEvents") : *revision == 0;
  return options;
}

}  // namespace k8scale::apiserver
