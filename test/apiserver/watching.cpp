#include "watching.h"

#include <thread>

#include "catch.h"

namespace k8scale::apiserver {
namespace {

using namespace std::chrono_literals;

template <class T>
net::Task<T> call(std::function<T()> work) {
  co_return work();
}

ApiSetting setting_of(const std::vector<std::string>& faults, EventWindow window) {
  ApiSetting setting;
  for (const std::string& each : faults) setting.faults.push_back(parse_fault(each));
  setting.window = window;
  setting.resources = {{"example.com", "v1", "widgets", "Widget", true}};
  return setting;
}

}  // namespace

bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

WatchClient::WatchClient(net::Shard& shard, std::string target, const std::string& accept)
    : shard_(shard), request_(request("GET", std::move(target), "", "")), unblocked_(shard) {
  request_.headers.add("Accept", accept);
}

template <class T>
T WatchClient::on_shard(std::function<T()> look) const {
  return shard_.run(call<T>(std::move(look)));
}

std::string WatchClient::bytes() const {
  return on_shard<std::string>([this] { return bytes_; });
}
int WatchClient::status() const {
  return on_shard<int>([this] { return head_.status; });
}
std::string WatchClient::content_type() const {
  return on_shard<std::string>(
      [this] { return std::string(head_.headers.find("Content-Type").value_or("")); });
}
bool WatchClient::finished() const {
  return on_shard<bool>([this] { return finished_; });
}
bool WatchClient::was_reset() const {
  return on_shard<bool>([this] { return reset_; });
}

std::vector<Json> WatchClient::events() const {
  std::vector<Json> events;
  const std::string text = bytes();
  std::size_t from = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    const ParsedJson parsed = parse_json(std::string_view(text).substr(from, end - from));
    CHECK(parsed.error.empty());
    events.push_back(parsed.value);
    from = end + 1;
  }
  return events;
}

std::vector<std::string> WatchClient::summary() const {
  std::vector<std::string> lines;
  for (const Json& event : events()) {
    const Json& object = member(event, "object");
    lines.push_back(std::string(text_member(event, "type")) + " " +
                    std::string(text_member(member(object, "metadata"), "name")));
  }
  return lines;
}

void WatchClient::wait_until(const std::function<bool()>& condition, const std::string& what) const {
  if (!comes_true(condition)) FAIL(what << ": not in 20 s; so far: " << bytes());
}

std::vector<std::string> WatchClient::wait_for(std::size_t count) {
  wait_until([&] { return events().size() >= count; }, std::to_string(count) + " events");
  return summary();
}

void WatchClient::wait_for_end() {
  wait_until([this] { return on_shard<bool>([this] { return over_; }); }, "the end of the watch");
}

void WatchClient::block(bool blocked) {
  on_shard<bool>([this, blocked] {
    blocked_ = blocked;
    if (!blocked) unblocked_.raise();
    return true;
  });
}

void WatchClient::go_away() {
  on_shard<bool>([this] {
    away_ = true;
    unblocked_.raise();
    if (gone_) gone_();
    return true;
  });
}

base::Result<void> WatchClient::outcome() const {
  if (reset_ || away_) return base::Failure(base::FailureKind::reset, "the client is gone");
  return {};
}

net::Task<base::Result<void>> WatchClient::send(net::Response response) {
  head_ = response;
  bytes_ = response.body + "\n";
  finished_ = true;
  co_return base::Result<void>();
}

net::Task<base::Result<void>> WatchClient::begin(net::ResponseHead head) {
  head_ = std::move(head);
  co_return outcome();
}

net::Task<base::Result<void>> WatchClient::write(std::string_view bytes) {
  while (blocked_ && !away_) {
    unblocked_.lower();
    co_await unblocked_.wait();
  }
  if (outcome().has_value()) bytes_ += bytes;
  co_return outcome();
}

net::Task<base::Result<void>> WatchClient::finish() {
  finished_ = outcome().has_value();
  co_return outcome();
}

net::Task<base::Result<void>> WatchClient::send_cut_short(net::Response response, std::size_t) {
  base::Result<void> sent = co_await send(std::move(response));
  co_return sent;
}

void WatchClient::reset() { reset_ = true; }

WatchedApi::WatchedApi(const std::vector<std::string>& faults, EventWindow window)
    : api_(setting_of(faults, window)) {}

WatchedApi::~WatchedApi() {
  for (const auto& client : clients_) client->block(false);
  stop();
  for (const auto& client : clients_) client->wait_for_end();
  api_.shard().stop();
}

void WatchedApi::create(const std::string& name, const Json& labels) {
  REQUIRE(api_.post(config_maps, config_map(name, Json::object(), labels)).status == 201);
}

void WatchedApi::relabel(const std::string& name, const Json& labels) {
  const Json patch = {{"metadata", {{"labels", labels}}}};
  REQUIRE(api_.patch(config_maps + "/" + name, merge_patch, to_text(patch)).status == 200);
}

void WatchedApi::remove(const std::string& name) {
  REQUIRE(api_.remove(config_maps + "/" + name).status == 200);
}

WatchClient& WatchedApi::watch(const std::string& options, const std::string& accept) {
  return watch_at(config_maps + "?watch=true&" + options, accept);
}

WatchClient& WatchedApi::watch_at(const std::string& target, const std::string& accept) {
  clients_.push_back(std::make_unique<WatchClient>(api_.shard(), target, accept));
  WatchClient& client = *clients_.back();
  api_.shard().spawn(serve(client));
  client.wait_until([&] { return client.status() != 0 || client.was_reset(); }, "the answer to a watch");
  return client;
}

net::Task<void> WatchedApi::serve(WatchClient& client) {
  co_await api_.handler().handle(client.request_, client);
  client.over_ = true;
}

std::vector<std::string> WatchedApi::fault_summary() {
  const auto counts = api_.shard().run(
      call<std::vector<measure::FaultCount>>([this] { return api_.handler().fault_counts(); }));
  std::vector<std::string> lines;
  for (const measure::FaultCount& each : counts) {
    lines.push_back(measure::text_of(each).substr(std::string_view("fault ").size()));
  }
  return lines;
}

void WatchedApi::wait_until_encoded(std::size_t count) {
  const auto held = [this] {
    return api_.shard().run(call<std::size_t>([this] { return api_.handler().encoded_changes(); }));
  };
  if (!comes_true([&] { return held() <= count; })) FAIL(held() << " changes are held in their encoded form");
}

void WatchedApi::stop() {
  api_.shard().run(call<bool>([this] {
    api_.handler().stop();
    return true;
  }));
}

}  // namespace k8scale::apiserver
