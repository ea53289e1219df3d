#include "k8scale/load/part_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "k8scale/base/number.h"
#include "k8scale/base/text.h"
#include "k8scale/net/wait.h"

namespace k8scale::load {
namespace {

using Clock = std::chrono::steady_clock;
using base::Failure;
using base::FailureKind;
using Texts = base::Result<std::vector<StoredText>>;

constexpr const char* text_key = "summary.json";
constexpr const char* pieces_key = "pieces";
constexpr int most_checks = 5;
constexpr base::Nanoseconds longest_storing_pause = std::chrono::seconds(5);
constexpr int page_size = 10;  // objects of up to 1 MB

std::string prefix_of(std::string_view run_id) { return fmt::format("{}-summary-", run_id); }

constexpr auto number = base::parse_number<std::uint64_t>;

// Part and piece: of "r-summary-3.2" 3 and 2, of "r-summary-3" 3 and 1.
using Place = std::pair<std::uint64_t, std::uint64_t>;
std::optional<Place> place_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const std::size_t dot = std::min(name.find('.'), name.size());
  const auto part = number(name.substr(0, dot));
  const auto piece = dot == name.size() ? 1 : number(name.substr(dot + 1));
  return part && piece ? std::optional(Place(*part, *piece)) : std::nullopt;
}

// How many pieces the text has, as one of them says.
std::uint64_t count_in(const RunObject& object, std::uint64_t otherwise) {
  const auto all = object.data.find(pieces_key);
  return all == object.data.end() ? otherwise : number(all->second).value_or(0);
}

// The pieces of one text, from its first.
base::Result<StoredText> put_together(const std::map<std::uint64_t, RunObject>& pieces) {
  StoredText made{pieces.begin()->second.name, {}};
  std::uint64_t expected = 1;
  std::uint64_t count = 1;
  for (const auto& [piece, object] : pieces) {
    const auto text = object.data.find(text_key);
    if (piece != expected || text == object.data.end()) break;
    made.text += text->second;
    count = count_in(object, count);
    ++expected;
  }
  if (expected == count + 1 && pieces.size() == count) return made;
  return Failure(FailureKind::protocol, fmt::format("ConfigMap {}: piece {} of {} is missing", made.name,
                                                    expected, std::max(count, expected)));
}

Texts texts_of(std::vector<RunObject> objects, const std::string& prefix) {
  std::map<std::uint64_t, std::map<std::uint64_t, RunObject>> parts;
  for (RunObject& each : objects) {
    const auto place = place_of(each.name, prefix);
    if (!place) {
      return Failure(FailureKind::protocol,
                     fmt::format("ConfigMap {}: expected a name {}PART", each.name, prefix));
    }
    parts[place->first].emplace(place->second, std::move(each));
  }
  std::vector<StoredText> texts;
  for (const auto& [part, pieces] : parts) {
    base::Result<StoredText> text = put_together(pieces);
    if (text.has_error()) return text.error();
    texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace

PartText::PartText(kube::Client& client, std::string_view namespace_name, Options options)
    : client_(client),
      collection_(kube::config_maps(), namespace_name),
      namespace_name_(namespace_name),
      options_(std::move(options)) {}

std::string PartText::name_of(std::size_t piece) const {
  const std::string first = fmt::format("{}{}", prefix_of(options_.run_id), options_.part);
  return piece == 1 ? first : fmt::format("{}.{}", first, piece);
}

Failure PartText::there_already() const {
  return {FailureKind::io,
          fmt::format("part {} of run {} has a summary already: another -runid is needed, or kubectl delete "
                      "configmaps -n {} -l {}",
                      options_.part, options_.run_id, namespace_name_,
                      run_object_selector(options_.run_id, Holds::summary))};
}

// Removes it when a former Job left it.
net::Task<PartText::Found> PartText::look(std::string name, std::string expected) {
  const kube::Answer answer = co_await client_.get(collection_, name);
  if (answer.not_found()) co_return Found::removed;
  const auto object = answer.ok() ? parse_run_object(answer.body) : std::nullopt;
  if (!object) co_return Found::unknown;
  if (!is_of_former_job(*object, options_.owner)) {
    const auto text = object->data.find(text_key);
    const bool same = text != object->data.end() && text->second == expected;
    co_return same ? Found::same : Found::other;
  }
  std::string only_this = only_uid(object->uid);
  const kube::Answer removed = co_await client_.remove(collection_, name, std::move(only_this));
  const bool gone = removed.ok() || removed.not_found();
  co_return gone ? Found::removed : Found::unknown;
}

net::Task<base::Result<void>> PartText::check() {
  RunObject object;
  object.name = name_of(1);
  const std::string body = run_object_text(object, options_.run_id, Holds::summary, options_.owner);
  kube::Answer answer;
  for (int tries = 0; tries < most_checks; ++tries) {
    if (tries > 0) co_await net::sleep_for(options_.first_pause);
    answer = co_await client_.create(collection_, object.name, body, "dryRun=All");
    if (answer.ok()) co_return base::Result<void>();
    if (answer.may_do_better()) continue;
    if (!answer.conflict()) break;
    const Found found = co_await look(object.name, "");
    if (found == Found::same || found == Found::other) co_return there_already();
  }
  co_return Failure(FailureKind::io, answer.error());
}

net::Task<base::Result<void>> PartText::store_piece(std::string name, RunObject object,
                                                    base::SteadyTime give_up) {
  object.name = name;
  const std::string body = run_object_text(object, options_.run_id, Holds::summary, options_.owner);
  base::Nanoseconds pause = options_.first_pause;
  for (;;) {
    const kube::Answer answer = co_await client_.create(collection_, name, body);
    if (answer.ok()) co_return base::Result<void>();
    Found found = Found::unknown;
    // Perhaps our own, whose answer was lost.
    if (answer.conflict()) found = co_await look(name, object.data[text_key]);
    if (found == Found::same) co_return base::Result<void>();
    if (found == Found::other) co_return there_already();
    const bool again = answer.may_do_better() || answer.conflict();
    if (!again || Clock::now() + pause >= give_up) co_return Failure(FailureKind::io, answer.error());
    co_await net::sleep_for(pause);
    pause = std::min(2 * pause, longest_storing_pause);
  }
}

net::Task<base::Result<void>> PartText::store(std::string text, base::SteadyTime give_up) {
  const std::size_t pieces =
      std::max<std::size_t>(1, (text.size() + options_.longest_piece - 1) / options_.longest_piece);
  for (std::size_t piece = 1; piece <= pieces; ++piece) {
    RunObject object;
    object.data[text_key] = text.substr((piece - 1) * options_.longest_piece, options_.longest_piece);
    if (pieces > 1) object.data[pieces_key] = std::to_string(pieces);
    std::string name = name_of(piece);
    base::Result<void> stored = co_await store_piece(std::move(name), std::move(object), give_up);
    if (stored.has_error()) co_return stored;
  }
  co_return base::Result<void>();
}

net::Task<base::Result<std::vector<StoredText>>> stored_texts(kube::Client& client,
                                                              std::string namespace_name,
                                                              std::string run_id) {
  const kube::Collection collection(kube::config_maps(), namespace_name);
  const std::string selector = base::percent_encode(run_object_selector(run_id, Holds::summary));
  const std::string query = fmt::format("labelSelector={}&limit={}", selector, page_size);
  std::vector<RunObject> objects;
  std::string next;
  do {
    const std::string from = next.empty() ? query : query + "&continue=" + base::percent_encode(next);
    const kube::Answer listed = co_await client.list(collection, from);
    if (!listed.ok()) co_return Texts(Failure(FailureKind::io, listed.error()));
    std::optional<RunObjectPage> page = parse_run_objects(listed.body);
    if (!page) co_return Texts(Failure(FailureKind::io, "the server's answer is no list of ConfigMaps"));
    std::move(page->objects.begin(), page->objects.end(), std::back_inserter(objects));
    next = std::move(page->next);
  } while (!next.empty());
  co_return texts_of(std::move(objects), prefix_of(run_id));
}

}  // namespace k8scale::load
