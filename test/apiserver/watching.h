#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api.h"
#include "k8scale/net/wait.h"

/// Watches that a test can look into.
namespace k8scale::apiserver {

/// Waits until `condition` is true; false when it is not in time.
[[nodiscard]] bool comes_true(const std::function<bool()>& condition);

/// The client's end of one watch, which takes all at once, or nothing.
class WatchClient final : public net::Responder {
 public:
  WatchClient(net::Shard& shard, std::string target, const std::string& accept);

  /// What has come, whole events and whatever follows the last of them.
  [[nodiscard]] std::string bytes() const;
  /// The events that have come, each a line of JSON.
  [[nodiscard]] std::vector<Json> events() const;
  /// "ADDED a", "BOOKMARK "
  [[nodiscard]] std::vector<std::string> summary() const;
  /// Waits until `count` events have come; fails the test when they do not come in time.
  std::vector<std::string> wait_for(std::size_t count);
  /// Waits until the watch is over.
  void wait_for_end();

  [[nodiscard]] int status() const;
  [[nodiscard]] std::string content_type() const;
  /// Ended in the way that HTTP wants.
  [[nodiscard]] bool finished() const;
  [[nodiscard]] bool was_reset() const;
  /// From now on it takes nothing, or everything again.
  void block(bool blocked);
  void go_away();

  net::Task<base::Result<void>> send(net::Response response) override;
  net::Task<base::Result<void>> begin(net::ResponseHead head) override;
  net::Task<base::Result<void>> write(std::string_view bytes) override;
  net::Task<base::Result<void>> finish() override;
  net::Task<base::Result<void>> send_cut_short(net::Response response, std::size_t bytes) override;
  void reset() override;
  void when_client_goes(const std::function<void()>& gone) override { gone_ = gone; }
  [[nodiscard]] bool stopping() const override { return false; }

 private:
  friend class WatchedApi;
  template <class T>
  T on_shard(std::function<T()> look) const;
  [[nodiscard]] base::Result<void> outcome() const;
  void wait_until(const std::function<bool()>& condition, const std::string& what) const;

  net::Shard& shard_;
  net::ServerRequest request_;
  net::ResponseHead head_;
  std::string bytes_;
  bool blocked_ = false, finished_ = false, reset_ = false, away_ = false, over_ = false;
  net::Signal unblocked_;
  std::function<void()> gone_;
};

/// An API server whose ConfigMaps in namespace default are written and watched.
class WatchedApi {
 public:
  /// `faults`: rules as --fault takes them.
  explicit WatchedApi(const std::vector<std::string>& faults = {}, EventWindow window = {});
  ~WatchedApi();

  void create(const std::string& name, const Json& labels = Json::object());
  void relabel(const std::string& name, const Json& labels);
  void remove(const std::string& name);

  /// Of /api/v1/namespaces/default/configmaps?watch=true&`options`.
  WatchClient& watch(const std::string& options = {}, const std::string& accept = "application/json");
  WatchClient& watch_at(const std::string& target, const std::string& accept = "application/json");

  [[nodiscard]] Api& api() { return api_; }
  [[nodiscard]] std::uint64_t revision() const { return api_.revision(); }
  [[nodiscard]] std::vector<std::string> fault_summary();
  /// Waits until the events of no more than `count` changes are held in their encoded form.
  void wait_until_encoded(std::size_t count);
  void stop();

 private:
  net::Task<void> serve(WatchClient& client);

  Api api_;
  std::vector<std::unique_ptr<WatchClient>> clients_;
};

}  // namespace k8scale::apiserver
