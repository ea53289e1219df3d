#include "k8scale/load/cleanup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <tuple>

namespace k8scale::load {
namespace {

constexpr int most_sweeps = 20;
constexpr int most_page_tries = 10;
// Lists whose continue token expired before they were whole.
constexpr int most_lists = 10;
constexpr auto longest_wait = std::chrono::seconds(1);

std::string held_by(const kube::ObjectMetadata& object) {
  if (object.finalizers.empty()) return "is being deleted";
  return fmt::format("is being deleted, and held by its finalizers: {}", fmt::join(object.finalizers, ", "));
}

}  // namespace

bool is_name_of_run(std::string_view name, std::string_view run_id) {
  if (!name.starts_with(run_id)) return false;
  name.remove_prefix(run_id.size());
  if (name.size() < 2 || name.front() != '-') return false;
  return std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_name_of_any_run(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  return dash != std::string_view::npos && dash > 0 && is_name_of_run(name, name.substr(0, dash));
}

Cleanup::Cleanup(net::Shard& shard, kube::Client& client, kube::Collection collection, Options options)
    : shard_(shard),
      client_(client),
      collection_(std::move(collection)),
      options_(std::move(options)),
      stop_(shard) {}

void Cleanup::stop() {
  stop_.raise();
  if (listing_ != nullptr) listing_->cancel();
}

net::Task<void> Cleanup::look() {
  const bool listed = co_await list();
  static_cast<void>(listed);
}

net::Task<void> Cleanup::remove() {
  bool listed = co_await list();
  for (int sweep = 1; sweep <= most_sweeps && listed && is_anything_to_remove(); ++sweep) {
    if (stop_.raised()) break;
    const std::uint64_t errors = progress_.errors;
    co_await remove_listed();
    if (stop_.raised()) break;
    if (progress_.errors > errors) co_await pause(sweep);
    listed = co_await list();
    if (!worth_another_) break;
  }
  const bool to_be_listed = stop_.raised() && !doubt_.empty();
  if (to_be_listed) listed = co_await list();
}

// Pauses end when it is stopped.
net::Task<void> Cleanup::pause(int failures) {
  base::Nanoseconds pause = options_.first_pause;
  for (int i = 1; i < failures && pause < longest_wait; ++i) pause *= 2;
  const base::SteadyTime end =
      std::chrono::steady_clock::now() + std::min<base::Nanoseconds>(pause, longest_wait);
  static_cast<void>(co_await stop_.wait_until(end));
}

// False when it is not known what is there; then the objects are those of the list before.
net::Task<bool> Cleanup::list() {
  progress_.listing = true;
  PagesEnd end = PagesEnd::expired;
  for (int i = 0; i < most_lists && end == PagesEnd::expired; ++i) {
    listed_.clear();
    progress_.listed = 0;
    end = co_await list_pages();
  }
  progress_.listing = false;
  progress_.deleted = 0;
  if (end != PagesEnd::whole) co_return false;
  doubt_.clear();
  may_not_list_ = false;
  replace_objects();
  co_return true;
}

net::Task<Cleanup::PagesEnd> Cleanup::list_pages() {
  std::string continue_token;
  do {
    kube::MetadataAnswer answer = co_await list_page(continue_token);
    if (!answer.ok()) {
      doubt_ = "it could not be listed: " + answer.error();
      may_not_list_ = answer.status && answer.status->code == 403;
      const bool expired = answer.status && answer.status->code == 410;
      co_return expired ? PagesEnd::expired : PagesEnd::failed;
    }
    continue_token = answer.page.continue_token;
    take(std::move(answer.page));
  } while (!continue_token.empty());
  co_return PagesEnd::whole;
}

net::Task<kube::MetadataAnswer> Cleanup::list_page(std::string continue_token) {
  net::Cancellation cancellation;
  kube::MetadataRequest request;
  request.label_selector = options_.label_selector;
  request.limit = options_.page_size;
  request.continue_token = std::move(continue_token);
  // What remains after a stop is listed to its end.
  const bool may_be_given_up = !stop_.raised();
  if (may_be_given_up) request.cancellation = &cancellation;
  kube::MetadataAnswer answer;
  for (int tries = 1; tries <= most_page_tries; ++tries) {
    if (may_be_given_up) listing_ = &cancellation;
    answer = co_await kube::list_metadata(client_, collection_, request);
    listing_ = nullptr;
    if (answer.ok() || (may_be_given_up && stop_.raised())) break;
    if (!kube::may_do_better(answer.failure, answer.status)) break;
    ++progress_.errors;
    if (answer.status && answer.status->retry_after) {
      const auto end = std::chrono::steady_clock::now() + *answer.status->retry_after;
      static_cast<void>(co_await stop_.wait_until(end));
    } else {
      co_await pause(tries);
    }
  }
  co_return std::move(answer);
}

bool Cleanup::is_ours(std::string_view name) const {
  if (options_.named == Named::anything) return true;
  return options_.run_id.empty() ? is_name_of_any_run(name) : is_name_of_run(name, options_.run_id);
}

void Cleanup::take(kube::MetadataPage page) {
  for (kube::ObjectMetadata& each : page.objects) {
    if (!is_ours(each.name)) continue;
    Object object;
    if (each.being_deleted) {
      object.fate = Fate::held;
      object.why = held_by(each);
    }
    object.namespace_name = std::move(each.namespace_name);
    object.name = std::move(each.name);
    listed_.push_back(std::move(object));
  }
  progress_.listed = listed_.size();
}

// By what was listed, which keeps what the deletes before said of each.
void Cleanup::replace_objects() {
  const auto by_name = [](const Object& a, const Object& b) {
    return std::tie(a.namespace_name, a.name) < std::tie(b.namespace_name, b.name);
  };
  std::sort(listed_.begin(), listed_.end(), by_name);
  auto old = objects_.cbegin();
  for (Object& each : listed_) {
    old = std::lower_bound(old, objects_.cend(), each, by_name);
    if (old == objects_.cend() || by_name(each, *old)) {
      ++found_;
    } else if (each.fate == Fate::waiting) {
      each.why = old->why;
    }
  }
  objects_ = std::move(listed_);
}

// Servers say where an object is, but not all that are made for tests.
kube::Collection Cleanup::home_of(const Object& object) const {
  if (object.namespace_name.empty()) return collection_;
  return {collection_.resource(), object.namespace_name};
}

bool Cleanup::is_anything_to_remove() const {
  return std::any_of(objects_.begin(), objects_.end(),
                     [](const Object& each) { return each.fate == Fate::waiting; });
}

net::Task<void> Cleanup::remove_listed() {
  next_ = 0;
  worth_another_ = false;
  doubt_ = "it was not listed again";
  net::TaskGroup workers(shard_);
  const std::uint64_t count = std::min<std::uint64_t>(options_.concurrency, objects_.size());
  for (std::uint64_t i = 0; i < count; ++i) workers.spawn(work());
  co_await workers.wait_until_done();
  for (const Object& each : objects_) {
    if (first_removed_.size() == most_first_removed) break;
    if (each.fate == Fate::gone) first_removed_.push_back(each.name);
  }
}

net::Task<void> Cleanup::work() {
  const kube::AttemptObserver nobody;
  while (next_ < objects_.size() && !stop_.raised()) {
    Object& object = objects_[next_++];
    if (object.fate != Fate::waiting) continue;
    const kube::Collection home = home_of(object);
    std::string options;
    const kube::Answer answer = co_await client_.remove(home, object.name, std::move(options), nobody);
    note(object, answer);
  }
}

void Cleanup::note(Object& object, const kube::Answer& answer) {
  if (!answer.ok() && !answer.not_found()) {
    ++progress_.errors;
    object.fate = Fate::refused;
    object.why = answer.error();
    worth_another_ = worth_another_ || answer.may_do_better() || answer.conflict();
    return;
  }
  worth_another_ = true;
  ++progress_.deleted;
  const std::optional<kube::ObjectMetadata> remains =
      answer.ok() ? kube::parse_metadata(answer.body) : std::nullopt;
  const bool held = remains && remains->being_deleted;
  object.fate = held ? Fate::held : Fate::gone;
  object.why = held ? held_by(*remains) : std::string();
}

void CleanupResult::merge(CleanupResult other) {
  found += other.found;
  left.insert(left.end(), std::make_move_iterator(other.left.begin()),
              std::make_move_iterator(other.left.end()));
  if (doubt.empty()) doubt = std::move(other.doubt);
  may_not_list = may_not_list || other.may_not_list;
  for (std::string& each : other.first_removed) {
    if (first_removed.size() < most_first_removed) first_removed.push_back(std::move(each));
  }
}

CleanupProgress Cleanup::progress() const { return progress_; }

CleanupResult Cleanup::result() const {
  CleanupResult result;
  result.found = found_;
  result.doubt = doubt_;
  result.may_not_list = may_not_list_;
  result.first_removed = first_removed_;
  for (const Object& each : objects_) {
    if (each.fate != Fate::gone) result.left.push_back({each.namespace_name, each.name, each.why});
  }
  return result;
}

}  // namespace k8scale::load
